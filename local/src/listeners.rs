//! The ports that a machine listens on.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

/// A port of this machine's own; 0 is a free one.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Listens on an address whose port the command line's `option` chooses.
///
/// # Errors
/// The address that cannot be had, and the option that chooses another.
pub(crate) async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                format!(" (choose another port with {option})")
            }
            ErrorKind::AddrNotAvailable => " (--address must be one of this machine's)".to_owned(),
            _ => String::new(),
        };
        anyhow::Error::new(error).context(format!("failed to listen on {address}{hint}"))
    })
}
