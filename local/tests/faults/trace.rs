//! One id follows a post from the line that was read to the row and the metric, whatever fails on the way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use local::{Call, Fate};
use posts::TraceId;
use posts::envelope::{EncodedPost, Parcel};
use posts::queue::TweetsQueue;
use posts::sources::{Head, Sent, Source};
use serde_json::{Value, json};
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::batches::world::{PATIENCE, QUEUE, World as Idle};
use crate::log::Log;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// What `docs/OPERATIONS.md` says to run.
const FILTER: &str = "streamer=debug,consumer=debug";

fn ids(fields: &Value, field: &str) -> Vec<String> {
    fields[field].as_str().unwrap().split(' ').map(str::to_owned).collect()
}

fn with_id(lines: Vec<Value>, trace_id: &str) -> Vec<Value> {
    lines.into_iter().filter(|fields| fields["trace_id"] == trace_id).collect()
}

#[test]
fn one_id_follows_a_post_from_the_stream_to_its_row_and_its_metric_whatever_fails_on_the_way() {
    virtually(async {
        let (log, _guard) = Log::of_programs(FILTER);
        let data = folder();
        let mut world = World::empty(data.path(), Settings { rate: 5.0, ..Settings::seed(1) }).await;
        // The first messages are sent again, and received again.
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (entries, mut requests, mut transactions) = (Arc::clone(&sent), 0, 0);
        world.machine.as_ref().unwrap().faults.judge(move |Call { operation, request, .. }| match operation
            .as_str()
        {
            "SendMessageBatch" => {
                entries.lock().unwrap().extend(request["Entries"].as_array().unwrap().iter().cloned());
                requests += 1;
                if requests <= 3 { Fate::FailsBefore } else { Fate::Answered }
            }
            "TransactWriteItems" => {
                transactions += 1;
                if transactions <= 3 { Fate::FailsBefore } else { Fate::Answered }
            }
            _ => Fate::Answered,
        });
        world.begin("zebra").await;
        world.until("posts are stored", async |_| !log.of("stored posts").is_empty()).await;
        world
            .until("counts are published", async |_| !log.of("published counts to CloudWatch").is_empty())
            .await;
        world.settled().await;
        world.machine.as_ref().unwrap().faults.end();

        let failed = log.of("sending again").remove(0);
        let trace_id = failed["trace_id"].as_str().unwrap();
        let id: TraceId = trace_id.parse().unwrap();
        // The streamer says which posts went with it, once.
        let [line] = &with_id(log.of("sent posts to the queue"), trace_id)[..] else { panic!("{trace_id}") };
        let posts = ids(line, "post_ids");
        assert_eq!((line["posts"].as_u64(), &line["keyword"]), (Some(posts.len() as u64), &json!("zebra")));
        // Each time, the message was the same.
        let header = format!("Root={trace_id}");
        let sent = sent.lock().unwrap().clone();
        let attempts: Vec<&Value> = sent
            .iter()
            .filter(|entry| entry["MessageAttributes"][TraceId::ATTRIBUTE]["StringValue"] == trace_id)
            .collect();
        assert!(attempts.len() >= 4, "it was sent again: {}", attempts.len());
        for entry in &attempts {
            assert_eq!(entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], header);
            assert!(posts.iter().all(|post| entry["MessageBody"].as_str().unwrap().contains(post)));
            assert_eq!(entry["MessageDeduplicationId"], attempts[0]["MessageDeduplicationId"]);
        }
        // The consumer failed to store a message at first, and then says which posts it stored.
        let back = log.of("a message goes back to the queue").remove(0);
        let back = back["trace_id"].as_str().unwrap();
        let again = with_id(log.of("stored posts"), back).pop().unwrap();
        assert_eq!(again["receives"], "2", "{again}");
        let stored = with_id(log.of("stored posts"), trace_id).pop().unwrap();
        assert_eq!((ids(&stored, "post_ids"), &stored["keyword"]), (posts.clone(), &json!("zebra")));
        let rows = world.stored("zebra").await.unwrap();
        assert!(posts.iter().all(|post| rows.contains(post)));
        // The metric has a line with the ids of the messages that it counts.
        let published = log.of("published counts to CloudWatch").remove(0);
        let (counted, hours) = (ids(&published, "trace_ids"), published["of"].as_str().unwrap());
        assert!(counted.iter().all(|counted| !with_id(log.of("stored posts"), counted).is_empty()));
        assert!(hours.starts_with("zebra 20"), "{hours}");
        // Every message has a line of both programs, and nothing has two ids.
        let all = |message: &str| -> BTreeSet<String> {
            log.of(message).iter().map(|fields| fields["trace_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(all("sent posts to the queue"), all("stored posts"));
        assert!(
            log.of("handled a batch").iter().any(|batch| ids(batch, "trace_ids").contains(&id.to_string()))
        );
    });
}

/// A parcel with a post that no source sends.
fn poison(keyword: &str) -> Parcel {
    let created = UtcTime::now();
    let head = Head { id: "1".parse().unwrap(), created, edited_at: None, author_id: None, is_repost: false };
    let mut parcel = Parcel::new(keyword.parse().unwrap());
    parcel.add(&EncodedPost::encode(Sent::new(head, Source::X, "{}".to_owned()), created).unwrap());
    parcel
}

#[test]
fn a_dead_letter_keeps_the_id_of_its_message_also_when_it_is_redriven() {
    virtually(async {
        let (log, _guard) = Log::of_programs(FILTER);
        let world = Idle::start().await;
        let sqs = aws_sdk_sqs::Client::new(world.machine.aws.sdk());
        let parcel = Arc::new(poison("rust"));
        let trace_id = parcel.trace_id().to_string();
        let outcome = TweetsQueue::new(sqs, world.url(QUEUE)).send(vec![Arc::clone(&parcel)]).await;
        assert!(outcome.iter().all(|(_, outcome)| outcome.is_ok()));
        let given_up = async |times: usize| {
            let end = Instant::now() + PATIENCE;
            while log.of("giving up what can never be stored").len() < times {
                assert!(Instant::now() < end, "{:?}", log.lines());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            world.dead_letters(1).await.remove(0)
        };
        let letter = given_up(1).await;
        assert_eq!(letter["traceId"], trace_id, "{letter}");
        // One by one, it is sent anew; all together, SQS moves them.
        for (times, path) in [
            (2, format!("/deadLetters/{}/redrive", letter["id"].as_str().unwrap())),
            (3, "/deadLetters/redrive".to_owned()),
        ] {
            let (status, answer) = world.request(reqwest::Method::POST, &path).await;
            assert!(matches!(status, 202 | 204), "{answer}");
            assert_eq!(given_up(times).await["traceId"], trace_id);
        }
        let lines = log.of("giving up what can never be stored");
        assert_eq!(with_id(lines, &trace_id).len(), 3);
        // One that was sent by hand has none, and is a dead letter as well.
        world.send("go", "not json").await;
        let letters = world.dead_letters(2).await;
        let by_hand = letters.iter().find(|letter| letter["bytes"] == 8).unwrap();
        assert_eq!(by_hand["traceId"], Value::Null);
    });
}

/// An attribute as SQS has it.
fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

#[test]
fn messages_of_a_batch_may_be_as_large_as_sqs_allows_with_their_attributes_and_no_larger() {
    const LIMIT: usize = 1024 * 1024;
    virtually(async {
        let world = Idle::start().await;
        let sqs = aws_sdk_sqs::Client::new(world.machine.aws.sdk());
        let send = async |bytes: usize| {
            let id = TraceId::new(UtcTime::now());
            let entries = [0, 1].map(|number: usize| {
                let body = "x".repeat(bytes / 2 - TraceId::ATTRIBUTE_BYTES + number * (bytes % 2));
                let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body);
                let entry = entry.message_group_id("g").message_deduplication_id(format!("{bytes}-{number}"));
                entry.message_attributes(TraceId::ATTRIBUTE, attribute(&id.to_string())).build().unwrap()
            });
            sqs.send_message_batch()
                .queue_url(world.url(QUEUE))
                .set_entries(Some(entries.into()))
                .send()
                .await
        };
        assert!(send(LIMIT).await.is_ok());
        let refused = send(LIMIT + 1).await.unwrap_err().into_service_error();
        assert!(refused.code().unwrap().ends_with("BatchRequestTooLong"), "{refused}");
        // What the packer makes is sent in as many requests as it takes: 20 messages of 260 KB.
        let parcels: Vec<Arc<Parcel>> = (0..20)
            .map(|number| {
                let mut parcel = Parcel::new(format!("k{number}").parse().unwrap());
                for id in [1, 2] {
                    let json = format!(r#""{}""#, "x".repeat(130_000));
                    let head = Head {
                        id: id.to_string().parse().unwrap(),
                        created: UtcTime::now(),
                        edited_at: None,
                        author_id: None,
                        is_repost: false,
                    };
                    parcel
                        .add(&EncodedPost::encode(Sent::new(head, Source::X, json), UtcTime::now()).unwrap());
                }
                Arc::new(parcel)
            })
            .collect();
        let outcomes = TweetsQueue::new(sqs.clone(), world.url(QUEUE)).send(parcels).await;
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    });
}

#[test]
fn attributes_travel_as_in_sqs() {
    virtually(async {
        let world = Idle::start().await;
        let sqs = aws_sdk_sqs::Client::new(world.machine.aws.sdk());
        let queue = world.url("TweetsDeadLetterQueue.fifo");
        let header = |value: &str| {
            MessageSystemAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
        };
        let send = async |value: &str| {
            sqs.send_message()
                .queue_url(&queue)
                .message_group_id("g")
                .message_deduplication_id(value)
                .message_body("body")
                .message_attributes("Mine", attribute("1"))
                .message_attributes("Yours", attribute("2"))
                .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header(value))
                .send()
                .await
        };
        assert!(send("1-58406520-a006649127e371903a2de979").await.is_err(), "it has no Root");
        let root = "Root=1-58406520-a006649127e371903a2de979;Sampled=1";
        send(root).await.unwrap();
        let receive = async |own: Option<&str>, of_system: Option<MessageSystemAttributeName>| {
            let request = sqs.receive_message().queue_url(&queue).visibility_timeout(0);
            let request = request.set_message_attribute_names(own.map(|name| vec![name.to_owned()]));
            let request = request.set_message_system_attribute_names(of_system.map(|name| vec![name]));
            request.send().await.unwrap().messages.unwrap().remove(0)
        };
        let nothing = receive(None, None).await;
        assert_eq!((nothing.message_attributes, nothing.attributes), (None, None));
        let one = receive(Some("Mine"), Some(MessageSystemAttributeName::AwsTraceHeader)).await;
        let own = one.message_attributes.unwrap();
        assert_eq!((own.len(), own["Mine"].string_value()), (1, Some("1")));
        let of_system = one.attributes.unwrap();
        assert_eq!(of_system.len(), 1);
        assert_eq!(of_system[&MessageSystemAttributeName::AwsTraceHeader], root);
        let all = receive(Some("All"), Some(MessageSystemAttributeName::All)).await;
        assert_eq!(all.message_attributes.unwrap().len(), 2);
        assert_eq!(all.attributes.unwrap()[&MessageSystemAttributeName::AwsTraceHeader], root);
    });
}
