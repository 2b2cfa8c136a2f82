//! `aviary key`: making, listing and revoking api keys, on this machine or in AWS.
#![expect(clippy::print_stderr, reason = "it tells a person what to know")]

use std::path::PathBuf;

use anyhow::Context;
use api::{Keys, Scope};
use service::parameters::ParameterStore;
use utc_time::UtcTime;

use crate::data::{self, API_KEYS};
use crate::terminal::tell;

/// What to do with api keys.
#[derive(clap::Subcommand)]
pub enum KeyCommand {
    /// Makes a key and shows it, this once: only its hash is kept.
    Add {
        /// What to call it.
        name: String,
        /// `read`, or `control`, which may also start, stop, remove and redrive.
        #[arg(long, value_parser = scope, default_value = "read")]
        scope: Scope,
    },
    /// Lists the keys: their names, what they allow and when they were made.
    List,
    /// Makes a key invalid, within a minute.
    Revoke {
        /// What it is called.
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

/// Where keys are kept.
pub enum KeyStore {
    /// In a data folder.
    Folder(PathBuf),
    /// In an SSM parameter of the AWS account that the environment names. Of two changes at the same moment one is lost.
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
                data::make(folder)?;
                let file = folder.join(API_KEYS);
                data::write(&file, &json).with_context(|| format!("failed to write {}", file.display()))
            }
            Self::Parameter(name) => Ok(parameters().await.write(name, &json).await?),
        }
    }
}

/// For how long a server may go by the keys that it read before: here, and in AWS, where its gateway keeps verdicts too.
const HERE: &str = "30 seconds";
const IN_AWS: &str = "a minute";

impl KeyStore {
    /// How long it takes until a server that runs goes by what was changed; none where no server runs.
    fn takes(&self) -> Option<&'static str> {
        match self {
            Self::Folder(folder) => data::is_in_use(folder).then_some(HERE),
            Self::Parameter(_) => Some(IN_AWS),
        }
    }
}

async fn parameters() -> ParameterStore {
    ParameterStore::new(aws_sdk_ssm::Client::new(&service::aws::from_env().await))
}

/// Does what the command says.
///
/// # Errors
/// A name that is taken, unknown or cannot be used; a store that cannot be read or written.
pub async fn run(command: KeyCommand, store: &KeyStore) -> anyhow::Result<()> {
    let mut keys = store.read().await?;
    match command {
        KeyCommand::Add { name, scope } => {
            let key = keys.add(&name, scope, UtcTime::now())?;
            store.write(&keys).await?;
            // The key alone goes to the standard output, for whoever puts it into a variable.
            tell(&format!("{key}\n")).context("failed to show the key; revoke it")?;
            if let Some(time) = store.takes() {
                eprintln!("aviary: the server may refuse it for up to {time}");
            }
        }
        KeyCommand::List => {
            for key in &keys.keys {
                let scope = if key.scope == Scope::Read { "read" } else { "control" };
                tell(&format!("{}\t{scope}\t{}\n", key.name, key.created))?;
            }
        }
        KeyCommand::Revoke { name } => {
            keys.revoke(&name)?;
            store.write(&keys).await?;
            if let Some(time) = store.takes() {
                eprintln!("aviary: the server may take it for up to {time} more");
            }
        }
    }
    Ok(())
}
