//! A server whose certificate nobody has signed.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A TLS server on loopback; a client that checks certificates gets no further than the handshake.
pub(crate) struct Untrusted {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Untrusted {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (key, certificate) = (file("key.pem"), file("certificate.pem"));
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=localhost",
                "-keyout",
                &key,
                "-out",
                &certificate,
            ])
            .output()
            .expect("openssl starts");
        assert!(made.status.success(), "{made:?}");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let server = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &port.to_string()])
            .args(["-key", &key, "-cert", &certificate])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            server,
            port,
            _folder: folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

impl Drop for Untrusted {
    fn drop(&mut self) {
        let ended = self.server.kill().and_then(|()| self.server.wait());
        drop(ended);
    }
}
