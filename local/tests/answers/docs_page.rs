//! The documentation page at `/docs/`.

use crate::world::World;

#[tokio::test]
async fn the_page_is_complete_and_loads_nothing_from_other_hosts() {
    let world = World::start().await;
    let page = world.ask("GET /docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<title>Aviary API</title>"));
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
    let files = page.text.split(['"', '\'']).filter(|text| text.ends_with(".js") || text.ends_with(".css"));
    let mut files: Vec<&str> = files.collect();
    files.sort_unstable();
    files.dedup();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert!(!file.contains("//"), "{file} is on another host");
        let answer = world.ask(&format!("GET /docs/{}", file.trim_start_matches("./"))).await;
        assert_eq!(answer.status, 200, "{file}");
        if file.ends_with("initializer.js") {
            assert!(
                answer.text.contains("/openapi.json") && answer.text.contains(r#""validatorUrl": "none""#)
            );
        }
    }
}
