//! `aviary key`: creates, lists and revokes API keys, on this machine or in AWS.
#![expect(clippy::print_stderr, reason = "messages for the person at the terminal")]

use std::path::PathBuf;

use anyhow::Context;
use api::{Keys, Scope};
use service::parameters::ParameterStore;
use utc_time::UtcTime;

use crate::data::{self, API_KEYS};
use crate::terminal::print;

/// A command for API keys.
#[derive(clap::Subcommand)]
pub enum KeyCommand {
    /// Creates a key and shows it once: only its hash is stored.
    Add {
        /// The key's name.
        name: String,
        /// `read`, or `control` to also start, stop, remove and redrive.
        #[arg(long, value_parser = scope, default_value = "read")]
        scope: Scope,
    },
    /// Lists the keys: their names, their scopes and when they were created.
    List,
    /// Revokes a key; it takes effect within a minute.
    Revoke {
        /// The key's name.
        name: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "read" => Ok(Scope::Read),
        "control" => Ok(Scope::Control),
        _ => Err("a scope is read or control".to_owned()),
    }
}

/// Where keys are stored.
pub enum KeyStore {
    /// In a data folder.
    Folder(PathBuf),
    /// In an SSM parameter of the AWS account that the environment selects. Of two concurrent changes, one is lost.
    Parameter(String),
}

impl KeyStore {
    async fn read(&self) -> anyhow::Result<Keys> {
        let json = match self {
            Self::Folder(folder) => {
                let file = folder.join(API_KEYS);
                data::read_if_there(&file).with_context(|| format!("failed to read {}", file.display()))?
            }
            Self::Parameter(name) => parameters().await.read(name).await?,
        };
        Ok(json.map(|json| Keys::from_json(&json)).transpose()?.unwrap_or_default())
    }

    async fn write(&self, keys: &Keys) -> anyhow::Result<()> {
        let json = keys.to_json()?;
        match self {
            Self::Folder(folder) => {
                data::create(folder)?;
                let file = folder.join(API_KEYS);
                data::write(&file, &json).with_context(|| format!("failed to write {}", file.display()))
            }
            Self::Parameter(name) => Ok(parameters().await.write(name, &json).await?),
        }
    }
}

/// How long a server may use keys that it read before: on this machine, and in AWS, where the gateway caches decisions
/// too.
const ON_THIS_MACHINE: &str = "30 seconds";
const IN_AWS: &str = "a minute";

impl KeyStore {
    /// How long a change takes to reach a running server; `None` if no server is running.
    fn takes_effect_within(&self) -> Option<&'static str> {
        match self {
            Self::Folder(folder) => data::is_in_use(folder).then_some(ON_THIS_MACHINE),
            Self::Parameter(_) => Some(IN_AWS),
        }
    }
}

async fn parameters() -> ParameterStore {
    ParameterStore::new(aws_sdk_ssm::Client::new(&service::aws::from_env().await))
}

/// Runs a command.
///
/// # Errors
/// The name is taken, unknown or invalid, or the store cannot be read or written.
pub async fn run(command: KeyCommand, store: &KeyStore) -> anyhow::Result<()> {
    let mut keys = store.read().await?;
    match command {
        KeyCommand::Add { name, scope } => {
            let key = keys.add(&name, scope, UtcTime::now())?;
            store.write(&keys).await?;
            // Only the key goes to standard output, so that a shell can assign it to a variable.
            print(&format!("{key}\n")).context("failed to show the key; revoke it")?;
            if let Some(time) = store.takes_effect_within() {
                eprintln!("aviary: the server may refuse the new key for up to {time}");
            }
        }
        KeyCommand::List => {
            for key in &keys.keys {
                let scope = if key.scope == Scope::Read { "read" } else { "control" };
                print(&format!("{}\t{scope}\t{}\n", key.name, key.created))?;
            }
        }
        KeyCommand::Revoke { name } => {
            keys.revoke(&name)?;
            store.write(&keys).await?;
            if let Some(time) = store.takes_effect_within() {
                eprintln!("aviary: the server may accept the revoked key for up to {time} more");
            }
        }
    }
    Ok(())
}
