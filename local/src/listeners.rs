//! Listening on ports.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

/// A loopback address; port 0 takes a free one.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Listens on an address whose port is set by the command-line option `option`.
///
/// # Errors
/// The address is not available; the message names the option that changes it.
pub(crate) async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                format!(" (choose another port with {option})")
            }
            ErrorKind::AddrNotAvailable => " (--address must be an address of this machine)".to_owned(),
            _ => String::new(),
        };
        anyhow::Error::new(error).context(format!("failed to listen on {address}{hint}"))
    })
}
