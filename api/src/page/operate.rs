//! `GET /operate`: what an operator looks at, and the forms for dead letters.

use axum::http::{Method, StatusCode};
use page::operate::{DeadLetters, Forgotten, KeyName, KeyNames, Operate};
use page::stream::Stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use utc_time::UtcTime;

use super::answer::{Answer, Refusal, html, see_other};
use super::form::Form;
use super::session::Session;
use crate::auth::{Key, Scope};

/// `GET /operate`
pub(super) async fn show(session: Session) -> Answer {
    let (dead_letters, forgotten, stream, keys) = futures::try_join!(
        session.get::<DeadLetters>("/deadLetters"),
        session.get::<Forgotten>("/forgotten"),
        session.get::<Stream>("/stream"),
        keys(&session),
    )?;
    let view = Operate {
        dead_letters: &dead_letters,
        forgotten: &forgotten,
        compliance: stream.compliance.as_ref(),
        keys: &keys,
        version: env!("CARGO_PKG_VERSION"),
        now: UtcTime::now(),
    };
    Ok(html(StatusCode::OK, view.page(&session.frame)))
}

/// The names of the keys, for one that may control.
async fn keys(session: &Session) -> Result<KeyNames, Refusal> {
    let name = |key: &Key| KeyName {
        name: key.name.clone(),
        scope: match key.scope {
            Scope::Read => "read",
            Scope::Control => "control",
        },
        created: key.created,
    };
    if session.require_control().is_err() {
        return Ok(KeyNames::Hidden);
    }
    let keys = session.keys().await?;
    Ok(keys.map_or(KeyNames::NotRequired, |keys| KeyNames::Shown(keys.keys.iter().map(name).collect())))
}

/// `POST /deadLetters/redriveAll`
pub(super) async fn redrive_all(session: Session) -> Answer {
    settle(&session, Method::POST, "/deadLetters/redrive".to_owned()).await
}

/// `POST /deadLetters/sendAgain`
pub(super) async fn send_again(session: Session, form: Form) -> Answer {
    settle(&session, Method::POST, format!("{}/redrive", letter(&form)?)).await
}

/// `POST /deadLetters/drop`
pub(super) async fn drop(session: Session, form: Form) -> Answer {
    settle(&session, Method::DELETE, letter(&form)?).await
}

/// The path of the letter that a form names.
fn letter(form: &Form) -> Result<String, Refusal> {
    match form.get("id") {
        Some(id) => Ok(format!("/deadLetters/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))),
        None => Err(Refusal::problem(StatusCode::BAD_REQUEST, "`id` is required").back_to("/operate")),
    }
}

async fn settle(session: &Session, method: Method, path: String) -> Answer {
    session.ask(method, &path, None).await.map_err(|refusal| refusal.back_to("/operate"))?;
    Ok(see_other("/operate"))
}
