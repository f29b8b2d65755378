//! The whole crate against the storage server of `supabase-mock`.

mod scenarios;

use scenarios::People;
use storage_rs::Client;
use supabase_mock::storage::Server;

async fn start() -> (Server, People) {
    let server = Server::start().await.unwrap();
    let client = |key: String| {
        Client::builder(server.storage_url(), key)
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap()
    };
    let people = People { service: client(server.service_role_key()), anon: client(server.anon_key()) };
    (server, people)
}

macro_rules! scenarios {
    ($($test:ident => $module:ident::$scenario:ident($($who:ident),+);)+) => {$(
        #[tokio::test]
        async fn $test() {
            let (_server, people) = start().await;
            scenarios::$module::$scenario($(&people.$who),+).await;
        }
    )+};
}

scenarios! {
    buckets_live_and_die => buckets::live_and_die(service);
    names_go_round => names::go_round(service);
    every_kind_of_body_arrives => uploads::every_kind_of_body(service);
    what_is_said_is_kept => uploads::what_is_said_is_kept(service);
    an_object_is_replaced_when_asked => uploads::replacing(service);
    the_rules_of_a_bucket_hold => uploads::the_rules_of_a_bucket(service);
    parts_of_every_kind_of_body_arrive => resumable::every_kind_of_body(service);
    what_is_said_of_parts_is_kept => resumable::what_is_said_is_kept(service);
    an_upload_by_parts_goes_on => resumable::goes_on(service);
    parts_go_to_signed_urls => resumable::signed(service, anon);
    parts_that_are_refused_are_told => resumable::refused(service, anon);
    downloads_take_every_way => downloads::every_way(service);
    folders_are_listed => lists::of_a_folder(service);
    everything_is_listed_page_by_page => lists::page_by_page(service);
    objects_move_and_are_copied => transfers::in_and_between_buckets(service);
    urls_are_signed => sharing::signed(service, anon);
    public_urls_are_public => sharing::public(service);
    images_are_transformed => sharing::transformed(service);
    what_is_not_allowed_fails_or_finds_nothing => errors::what_is_not_allowed(service, anon);
    vectors_live_and_die => vectors::live_and_die(service);
    analytics_buckets_live_and_die => analytics::buckets(service);
    namespaces_and_tables_live_and_die => analytics::catalog(service);
}
