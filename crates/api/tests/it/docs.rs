//! The page that shows the document.

use axum::body::Body;
use http::{Request, StatusCode};
use tower::ServiceExt;
use turnpike_testkit::stores::TestStore;

use crate::given::Given;

#[tokio::test]
async fn the_viewer_is_served_whole_and_may_load_nothing_from_elsewhere() {
    let store = TestStore::sqlite().await.unwrap();
    let given = Given::over(&store);
    for path in ["/docs", "/docs/"] {
        let page = given.request("GET", path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("http"), "{policy}");
        assert!(
            page.body.contains(r#"src="/docs/rapidoc-min.js""#) && page.body.contains(r#"spec-url="/openapi.json""#)
        );
    }
    let request = Request::get("/docs/rapidoc-min.js").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    let script = given.router.clone().oneshot(request).await.unwrap();
    assert_eq!(script.headers()["content-encoding"], "gzip");
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let request =
        Request::get("/docs/rapidoc-min.js").header("accept-encoding", "identity").body(Body::empty()).unwrap();
    assert_eq!(given.send(request).await.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(given.request("GET", "/docs/other.js").await.status, StatusCode::NOT_FOUND);
    assert_eq!(given.request("POST", "/docs").await.status, StatusCode::METHOD_NOT_ALLOWED);
    store.remove().await.unwrap();
}
