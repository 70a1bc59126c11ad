//! The published document is the agreed one, byte for byte.
//!
//! After a change that is meant, run the test with `INSTA_UPDATE=always` and look at what differs.

use axum::body::Body;
use http::Request;
use turnpike_testkit::stores::TestStore;

use crate::given::Given;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_the_one_that_was_agreed() {
    let store = TestStore::sqlite().await.unwrap();
    let given = Given::over(&store).await;
    // Whoever may not do anything may still read what could be done.
    let request = Request::get("/operator/v1/openapi.json").body(Body::empty()).unwrap();
    let document = given.send(request).await;
    let json = document.is(200);
    assert_eq!(json["openapi"], "3.1.0");
    let references = document.body.lines().filter_map(|line| line.trim().strip_prefix("\"$ref\": \"#"));
    let dangling =
        references.map(|reference| reference.trim_end_matches([',', '"'])).filter(|at| json.pointer(at).is_none());
    assert_eq!(dangling.collect::<Vec<_>>(), Vec::<&str>::new());
    insta::assert_snapshot!("openapi", document.body);
    store.remove().await.unwrap();
}
