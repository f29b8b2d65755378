//! The program of `cargo xtask faults`: runs the matrix and prints it.

use std::process::ExitCode;

use faults::{Options, run};

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--only", Some(part)) => options.only = part,
            ("--jobs", Some(jobs)) if jobs.parse::<usize>().is_ok() => {
                options.jobs = jobs.parse().unwrap_or(options.jobs);
            }
            _ => {
                eprintln!("faults [--jobs NUMBER] [--only PART OF A NAME]");
                return ExitCode::FAILURE;
            }
        }
    }
    match run(&options) {
        Ok(report) => {
            println!("{report}");
            if report.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
