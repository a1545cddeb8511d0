//! `docker/Dockerfile`, as far as it can be looked at without the image of Keycloak; the rehearsal builds it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use crate::support::repository;

fn dockerfile() -> String {
    std::fs::read_to_string(repository().join("docker/Dockerfile")).unwrap()
}

#[test]
fn nothing_of_another_platform_runs_in_the_build() {
    let text = dockerfile();
    let stages: Vec<&str> = text.split("\nFROM ").skip(1).collect();
    let [builder, asked, told, image] = stages[..] else {
        panic!("four stages: {}", stages.len());
    };
    assert!(asked.starts_with("builder AS "), "{asked}");
    assert!(
        told.starts_with("scratch AS update-compatibility\n"),
        "{told}"
    );
    assert!(
        builder.starts_with("--platform=$BUILDPLATFORM "),
        "{builder}"
    );
    assert!(
        builder.contains("\nRUN ") && !image.contains("\nRUN "),
        "{image}"
    );
    assert!(!image.starts_with("--platform"), "{image}");
}

#[test]
fn themes_come_last_so_that_a_change_of_one_makes_one_layer() {
    let text = dockerfile();
    let last = text.lines().rfind(|line| !line.is_empty()).unwrap();
    assert!(
        last.starts_with("COPY ") && last.contains("themes/"),
        "{last}"
    );
}

/// The health check of the image, which asks another port than Keycloak's.
fn health_check(port: u16) -> bool {
    let text = dockerfile();
    let (_, check) = text.split_once("HEALTHCHECK ").unwrap();
    let (_, json) = check.split_once("CMD ").unwrap();
    let words: Vec<String> = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    let script = words[2].replace("/9000", &format!("/{port}"));
    assert_ne!(script, words[2]);
    let ended = Command::new(&words[0]).args([&words[1], &script]).status();
    ended.unwrap().success()
}

/// Answers one request as Keycloak's management port does; the path that was asked for.
fn answer(listener: TcpListener, status: &'static str) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 256];
        let count = stream.read(&mut request).unwrap();
        let body = r#"{"status": "UP", "checks": [" 200 "]}"#;
        let head = format!(
            "HTTP/1.0 {status}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .unwrap();
        String::from_utf8_lossy(&request[..count]).into_owned()
    })
}

#[test]
fn the_health_check_needs_bash_alone_and_looks_at_the_status() {
    for (status, healthy) in [("200 OK", true), ("503 Service Unavailable", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = answer(listener, status);
        assert_eq!(health_check(port), healthy, "{status}");
        assert!(
            server
                .join()
                .unwrap()
                .starts_with("GET /health/ready HTTP/1.0\r\n")
        );
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(!health_check(port), "nobody listens");
}
