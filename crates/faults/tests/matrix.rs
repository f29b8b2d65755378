//! The whole matrix.

#[test]
fn every_cell_is_as_expected() {
    let report = faults::run(&faults::Options::default()).unwrap();
    assert!(report.is_right(), "{}", report.differences());
}
