//! The same as `end_to_end`, and what its server has not, on the live stack that the environment names.

mod scenarios;

use scenarios::People;
use storage_rs::Client;
use supabase_testing::live::{Need, stack};

macro_rules! scenarios {
    ($($test:ident => $module:ident::$scenario:ident($($who:ident),+) needs $needs:expr;)+) => {$(
        #[tokio::test]
        async fn $test() {
            let Some(stack) = stack(stringify!($test), &$needs) else { return };
            let people = People {
                service: client(&stack.url, &stack.service_role_key),
                anon: client(&stack.url, &stack.anon_key),
            };
            scenarios::$module::$scenario($(&people.$who),+).await;
        }
    )+};
}

fn client(url: &str, key: &str) -> Client {
    let url = format!("{}/storage/v1", url.trim_end_matches('/'));
    Client::builder(url, key).http_client(supabase_testing::http::client()).build().unwrap()
}

scenarios! {
    storage_buckets_live_and_die => buckets::live_and_die(service) needs [];
    storage_names_go_round => names::go_round(service) needs [];
    storage_every_kind_of_body_arrives => uploads::every_kind_of_body(service) needs [];
    storage_what_is_said_is_kept => uploads::what_is_said_is_kept(service) needs [];
    storage_an_object_is_replaced_when_asked => uploads::replacing(service) needs [];
    storage_the_rules_of_a_bucket_hold => uploads::the_rules_of_a_bucket(service) needs [];
    storage_parts_of_every_kind_of_body_arrive => resumable::every_kind_of_body(service) needs [];
    storage_what_is_said_of_parts_is_kept => resumable::what_is_said_is_kept(service) needs [];
    storage_an_upload_by_parts_goes_on => resumable::goes_on(service) needs [];
    storage_parts_go_to_signed_urls => resumable::signed(service, anon) needs [];
    storage_parts_that_are_refused_are_told => resumable::refused(service, anon) needs [];
    storage_downloads_take_every_way => downloads::every_way(service) needs [];
    storage_folders_are_listed => lists::of_a_folder(service) needs [];
    storage_everything_is_listed_page_by_page => lists::page_by_page(service) needs [];
    storage_objects_move_and_are_copied => transfers::in_and_between_buckets(service) needs [];
    storage_urls_are_signed => sharing::signed(service, anon) needs [];
    storage_public_urls_are_public => sharing::public(service) needs [];
    storage_images_are_transformed => sharing::transformed(service) needs [];
    storage_what_is_not_allowed_fails_or_finds_nothing => errors::what_is_not_allowed(service, anon) needs [];
    storage_vectors_live_and_die => vectors::live_and_die(service) needs [Need::Vectors];
    storage_analytics_buckets_live_and_die => analytics::buckets(service) needs [Need::AnalyticsBuckets];
    storage_namespaces_and_tables_live_and_die => analytics::catalog(service) needs [Need::Catalog];
}
