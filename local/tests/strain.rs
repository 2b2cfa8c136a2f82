//! One machine under load and under attack.
#![expect(clippy::unwrap_used, reason = "helper functions of tests may panic")]

use std::path::Path;
use std::time::Duration;

use local::{Machine, Options, Stream};
use serde_json::{Value, json};

async fn idle_machine(data: &Path) -> Machine {
    Machine::start(Options::new(data, Stream::nowhere())).await.unwrap()
}

#[tokio::test]
async fn the_aws_endpoint_refuses_pages_of_other_sites() {
    let data = tempfile::tempdir().unwrap();
    let machine = idle_machine(data.path()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = http
            .post(&machine.aws.url)
            .header("x-amz-target", "AmazonSSM.GetParameter")
            .body(json!({ "Name": "TwitterBearerToken", "WithDecryption": true }).to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = ask(&[]).await;
    assert_eq!((status, answer["Parameter"].is_object()), (200, true));
    for headers in [[("host", "evil.example")], [("origin", "http://evil.example")], [("origin", "null")]] {
        let (status, answer) = ask(&headers).await;
        assert_eq!((status, &answer["__type"]), (403, &"AccessDeniedException".into()), "{headers:?}");
        assert!(answer["Parameter"].is_null());
    }
}

#[tokio::test]
async fn deleting_the_data_folder_ends_the_machine_with_an_error() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let machine = idle_machine(&folder).await;
    std::fs::remove_dir_all(&folder).unwrap();
    let patience = tokio::time::sleep(Duration::from_secs(20));
    let error = machine.run(patience).await.unwrap_err().to_string();
    assert!(error.contains("was deleted or replaced while it was in use"), "{error}");
}
