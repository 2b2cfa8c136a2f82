//! The page for people: its views, who may see and change what, and what other sites cannot do.

use posts::Post;
use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, World, post};

/// What an attacker may write.
const TEXT: &str = "<img src=x onerror=alert(1)>";
const NAME: &str = "\"><script>";
const KEYWORD: &str = "<b>";

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A browser at the page of a machine.
struct Browser<'a> {
    world: &'a World,
    http: reqwest::Client,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn at(world: &'a World) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { world, http: http.build().unwrap(), cookie: None }
    }

    /// Signs in with a key; the answer.
    async fn sign_in(&mut self, key: &str, then: &str) -> Answer {
        let answer = self.submit("/session", &[("key", key), ("then", then)]).await;
        let cookie = answer.header("set-cookie");
        self.cookie = cookie.split(';').next().filter(|cookie| !cookie.is_empty()).map(str::to_owned);
        answer
    }

    async fn visit(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], &[]).await
    }

    /// Sends a form as the page itself does.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let own = [("origin", &*self.world.api), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, &own, fields).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut form = reqwest::Url::parse("http://form").unwrap();
        form.query_pairs_mut().extend_pairs(fields);
        let mut request = self.http.request(method, format!("{}{path}", self.world.api));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.body(form.query().unwrap_or_default().to_owned()).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }
}

/// The keywords that are requested.
async fn keywords(world: &World, key: Option<&str>) -> Vec<String> {
    let key = key.map(|key| format!("Bearer {key}"));
    let stream = world.ask_with("GET /stream", None, key.as_deref()).await.json();
    let keywords = stream["keywords"].as_array().unwrap().iter();
    keywords.map(|keyword| keyword["keyword"].as_str().unwrap().to_owned()).collect()
}

fn hostile(id: u64) -> Post {
    let mut hostile = serde_json::to_value(post(id, id, TEXT, Some("LT"), Some("en"))).unwrap();
    hostile["authorName"] = json!(NAME);
    hostile["authorUsername"] = json!(NAME);
    serde_json::from_value(hostile).unwrap()
}

#[tokio::test]
async fn each_view_has_its_heading_and_says_what_it_may_load() {
    let world = World::start().await;
    world.store("rust", &[post(1, 1, "one", Some("LT"), None)]).await;
    let browser = Browser::at(&world);
    assert_eq!(browser.submit("/start", &[("keyword", "rust")]).await.status, 303);
    for (path, heading) in [
        ("/", "What is missing</h2>"),
        ("/browse", "<h1>Browse</h1>"),
        ("/browse?keyword=rust", "Posts for <span dir=\"auto\">rust</span>"),
        ("/charts", "Charts of all keywords"),
        ("/charts?keyword=rust&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", "<strong>1 post</strong>"),
        ("/operate", "<h1>Operate</h1>"),
        ("/start?keyword=zebra&since=2026-11-20", "Collect <span dir=\"auto\">zebra</span>?"),
        ("/stop?keyword=rust", "Stop <span dir=\"auto\">rust</span>?"),
        ("/stop", "Stop all keywords?"),
    ] {
        let answer = browser.visit(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(answer.text.contains(heading), "{path}: {}", answer.text);
        let headers =
            ["content-security-policy", "x-content-type-options", "cache-control", "referrer-policy"];
        let headers = headers.map(|name| answer.header(name));
        assert_eq!(headers, [POLICY, "nosniff", "no-store", "same-origin"], "{path}");
    }
    let page = browser.visit("/").await.text;
    let files = page.split('"').filter(|text| text.starts_with("/assets/") || text.ends_with("icon.svg"));
    let files: Vec<&str> = files.collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let answer = browser.visit(file).await;
        assert_eq!(
            (answer.status, answer.header("cache-control").starts_with("public")),
            (200, true),
            "{file}"
        );
    }
    let drawing = browser.visit("/charts/posts.svg?keyword=rust&from=2026-11-23T00:00:00Z").await;
    assert_eq!((drawing.status, drawing.header("content-type")), (200, "image/svg+xml"));
    let with_pictures = browser.visit("/browse?keyword=rust&pictures=on").await;
    let policy = POLICY.replace("img-src 'self'", "img-src 'self' https://pbs.twimg.com");
    assert_eq!(with_pictures.header("content-security-policy"), policy);
}

#[tokio::test]
async fn the_api_stays_as_it_is() {
    let world = World::start().await;
    for (request, status) in [
        ("GET /health", 200),
        ("GET /docs/", 200),
        ("GET /openapi.json", 200),
        ("GET /nowhere", 404),
        ("PUT /", 404),
    ] {
        let answer = world.ask(request).await;
        assert_eq!(answer.status, status, "{request}");
        assert_ne!(answer.header("content-security-policy"), POLICY, "{request}");
    }
    assert_eq!(world.ask("DELETE /deadLetters/drop").await.status, 404);
    assert_eq!(world.ask("PUT /").await.json()["detail"], "there is nothing at /");
}

#[tokio::test]
async fn what_people_wrote_is_never_markup() {
    let world = World::start().await;
    world.store(KEYWORD, &[hostile(1), hostile(2)]).await;
    let browser = Browser::at(&world);
    assert_eq!(browser.submit("/start", &[("keyword", KEYWORD)]).await.status, 303);
    let range = "from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z";
    for path in [
        "/".to_owned(),
        "/browse".to_owned(),
        format!("/browse?keyword=%3Cb%3E&{range}"),
        format!("/browse?keyword=%3Cb%3E&{range}&text=%3Cimg+src%3Dx&pictures=on"),
        "/browse?keyword=%22%3E%3Cscript%3E".to_owned(),
        "/browse?keyword=a&%22%3E%3Cscript%3E=1".to_owned(),
        format!("/charts?keyword=%3Cb%3E&{range}"),
        format!("/charts/posts.svg?keyword=%3Cb%3E&{range}"),
        "/start?keyword=%22%3E%3Cscript%3E&since=2026-11-20".to_owned(),
        "/start?keyword=%3Cb%3E&since=%22%3E%3Cscript%3E".to_owned(),
        "/stop?keyword=%22%3E%3Cscript%3E".to_owned(),
    ] {
        let page = browser.visit(&path).await;
        for markup in [TEXT, NAME, KEYWORD, "<img src=x", "<script>"] {
            assert!(!page.text.contains(markup), "{markup} at {path}: {}", page.text);
        }
    }
    let shown = browser.visit("/browse?keyword=%3Cb%3E").await.text;
    assert!(shown.contains("&#60;img src=x onerror=alert(1)&#62;"), "{shown}");
    assert_eq!(browser.visit("/export?keyword=%3Cb%3E&format=jsonl").await.text.lines().count(), 2);
}

#[tokio::test]
async fn what_the_api_refuses_is_a_page_that_names_it() {
    let world = World::start().await;
    let browser = Browser::at(&world);
    for (path, status, named) in [
        ("/browse?keyword=rust&colour=red", 400, "colour"),
        ("/browse?colour=red", 400, "colour"),
        ("/browse?keyword=rust&from=yesterday", 400, "`from` must be a date and time"),
        ("/charts?keyword=rust&to=tomorrow", 400, "`to` must be a date and time"),
        ("/charts?from=2020-01-01T00:00:00Z", 422, "31 days"),
        ("/export?keyword=rust&format=xml", 400, "format"),
        ("/start?keyword=(", 422, "missing &#39;)&#39; at the end"),
        ("/start?keyword=rust&since=soon", 400, "since"),
        ("/assets/page-0.css", 404, "no such file"),
    ] {
        let answer = browser.visit(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains("<h1>") && answer.text.contains(named), "{path}: {}", answer.text);
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
    }
    let unknown = browser.visit("/start?keyword=broken").await;
    assert!(unknown.text.contains("is not known") && unknown.text.contains("Start collecting"));
    // An empty name is no wish to stop everything.
    browser.submit("/start", &[("keyword", "rust")]).await;
    assert!(browser.submit("/stop", &[("keyword", " ")]).await.status >= 400);
    assert_eq!(browser.submit("/stop", &[("keyword", "zebra")]).await.status, 404);
    assert_eq!(keywords(&world, None).await, ["rust"]);
    assert_eq!(browser.submit("/deadLetters/drop", &[]).await.status, 400);
    assert_eq!(browser.submit("/deadLetters/sendAgain", &[("id", "../stream")]).await.status, 404);
    assert_eq!(browser.submit("/deadLetters/redriveAll", &[]).await.header("location"), "/operate");
    assert_eq!(browser.submit("/stop", &[]).await.header("location"), "/");
    assert_eq!(keywords(&world, None).await, [""; 0]);
}

#[tokio::test]
async fn a_key_is_asked_for_once_and_decides_what_is_offered() {
    let (world, reader, owner) = World::guarded().await;
    let mut browser = Browser::at(&world);
    let away = browser.visit("/browse?keyword=a%20b").await;
    assert_eq!((away.status, away.header("location")), (303, "/session?then=%2Fbrowse%3Fkeyword%3Da%2520b"));
    assert_eq!(browser.visit("/export?keyword=a").await.status, 303);
    assert_eq!(browser.submit("/start", &[("keyword", "rust")]).await.status, 401);
    assert_eq!(browser.visit("/session").await.status, 200);
    for wrong in ["", "aviary_wrong", "a\r\nset-cookie: b=c"] {
        let answer = browser.sign_in(wrong, "/").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (401, ""), "{wrong}");
    }
    // A key that may read.
    let signed_in = browser.sign_in(&reader, "/browse").await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/browse"));
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    for path in ["/", "/operate"] {
        let page = browser.visit(path).await.text;
        assert!(page.contains("Sign out") && !page.contains("action=\"/start\""), "{page}");
        assert!(!page.contains(&reader) && !page.contains(&owner));
    }
    assert_eq!(browser.visit("/start?keyword=rust").await.status, 403);
    assert_eq!(browser.visit("/stop").await.status, 403);
    for path in ["/start", "/stop", "/deadLetters/redriveAll"] {
        assert_eq!(browser.submit(path, &[("keyword", "rust")]).await.status, 403, "{path}");
    }
    assert_eq!(keywords(&world, Some(&owner)).await, [""; 0]);
    // A key that may control.
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        assert_eq!(browser.sign_in(&owner, elsewhere).await.header("location"), "/", "{elsewhere}");
    }
    assert!(browser.visit("/").await.text.contains("action=\"/start\""));
    assert_eq!(browser.submit("/start", &[("keyword", "rust")]).await.header("location"), "/");
    assert_eq!(keywords(&world, Some(&owner)).await, ["rust"]);
    // The cookie opens the page alone, not the API.
    assert_eq!(browser.visit("/stream").await.status, 401);
    let ended = browser.submit("/session/end", &[]).await;
    assert!(
        ended.header("set-cookie").contains("aviary=;") && ended.header("set-cookie").contains("Max-Age=0")
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let (world, _, owner) = World::guarded().await;
    let mut browser = Browser::at(&world);
    browser.sign_in(&owner, "/").await;
    let own = ("origin", &*world.api);
    for forged in [
        &[][..],
        &[("origin", "null")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost")],
        &[own, ("sec-fetch-site", "cross-site")],
        &[own, ("sec-fetch-site", "same-site")],
    ] {
        for path in
            ["/start", "/stop", "/session", "/session/end", "/deadLetters/redriveAll", "/deadLetters/drop"]
        {
            let answer =
                browser.send(Method::POST, path, forged, &[("keyword", "rust"), ("key", &owner)]).await;
            assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{path} {forged:?}");
        }
    }
    assert_eq!(keywords(&world, Some(&owner)).await, [""; 0]);
    // Neither can it lead to what costs money.
    let led =
        browser.send(Method::GET, "/start?keyword=rust", &[("sec-fetch-site", "cross-site")], &[]).await;
    assert_eq!(led.status, 403);
}

#[tokio::test]
async fn what_was_stopped_can_be_started_again_as_it_was() {
    let world = World::start().await;
    let browser = Browser::at(&world);
    let body = json!({ "keyword": "rust & \"co\"", "reposts": false, "maxPostsADay": 100 });
    assert_eq!(world.ask_with("POST /stream", Some(&body.to_string()), None).await.status, 202);
    let page = browser.visit("/stop").await.text;
    let (_, value) = page.split_once("name=\"stopped\" value=\"").unwrap();
    let again = value.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let stopped = browser.submit("/stop", &[("stopped", &again)]).await;
    assert_eq!((stopped.status, keywords(&world, None).await.len()), (303, 0));
    let now = browser.visit(stopped.header("location")).await.text;
    let (_, link) = now.split_once("href=\"/start?").unwrap();
    let link = link.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let confirm = browser.visit(&format!("/start?{link}")).await.text;
    assert!(confirm.contains("without reposts, and at most 100 posts a day"), "{confirm}");
    let form = [("keyword", "rust & \"co\""), ("reposts", "false"), ("maxPostsADay", "100")];
    for (name, value) in form {
        assert!(confirm.contains(&format!("name=\"{name}\"")), "{name}={value}: {confirm}");
    }
    assert_eq!(browser.submit("/start", &form).await.status, 303);
    let stream = world.ask_with("GET /stream", None, None).await.json();
    let keyword = &stream["keywords"][0];
    assert_eq!((&keyword["reposts"], &keyword["maxPostsADay"]), (&json!(false), &json!(100)));
}
