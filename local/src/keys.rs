//! `aviary key`: making, listing and revoking api keys, on this machine or in AWS.
#![expect(clippy::print_stdout, reason = "it tells a person what it did")]

use std::path::PathBuf;

use anyhow::Context;
use api::{Keys, Scope};
use posts::{ParameterStore, UtcTime};

use crate::data::{self, API_KEYS};

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
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("failed to make the data folder {}", folder.display()))?;
                let file = folder.join(API_KEYS);
                data::write(&file, &json).with_context(|| format!("failed to write {}", file.display()))
            }
            Self::Parameter(name) => Ok(parameters().await.write(name, &json).await?),
        }
    }
}

async fn parameters() -> ParameterStore {
    ParameterStore::new(aws_sdk_ssm::Client::new(&posts::aws::from_env().await))
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
            println!("{key}");
        }
        KeyCommand::List => {
            for key in &keys.keys {
                let scope = if key.scope == Scope::Read { "read" } else { "control" };
                println!("{}\t{scope}\t{}", key.name, key.created);
            }
        }
        KeyCommand::Revoke { name } => {
            keys.revoke(&name)?;
            store.write(&keys).await?;
        }
    }
    Ok(())
}
