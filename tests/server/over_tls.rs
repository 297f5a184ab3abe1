//! `roster delete` to a server behind somebody who speaks TLS for it.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::program::{roster, started};

/// Speaks TLS as `localhost` for whoever listens on `port`: its own port, and the certificate as text.
async fn tls_for(port: u16) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let own = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Whoever does not trust the certificate hangs up.
                if let Ok(mut client) = acceptor.accept(client).await {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    (own, made.cert.pem())
}

#[test]
fn a_list_is_deleted_from_the_terminal_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("list.txt"), "petra.lind@example.org\n").unwrap();
    let demo = ["demo", "--no-serve", "--database-url", "sqlite:roster.db"];
    assert!(roster(here, &demo).output().unwrap().status.success());
    let token = roster(here, &["token", "--as", "olive.hartmann@example.org"]).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap();
    let token = token.trim().strip_prefix("token ").expect("a token");
    let server = started(here, &["serve", "--bind", "127.0.0.1:0"]);
    let port = server.printed("listening on").unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (port, certificate) = runtime.block_on(tls_for(port));
    std::fs::write(here.join("trusted.pem"), certificate).unwrap();
    let address = format!("https://localhost:{port}");
    let delete = || {
        let list = ["delete", "--emails", "list.txt", "--private-subgroups", "keep", "--confirm-count", "1"];
        let mut command = roster(here, &[&list[..], &["--server", &address]].concat());
        command.env("ROSTER_TOKEN", token);
        command
    };
    let stranger = delete().output().unwrap();
    assert!(!stranger.status.success(), "whom nobody vouches for is told nothing");
    let done = delete().env("SSL_CERT_FILE", here.join("trusted.pem")).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    let table = String::from_utf8(done.stdout).unwrap();
    assert!(table.lines().nth(1).is_some_and(|line| line.starts_with("1,DELETED,")), "{table}");
    server.stop();
}
