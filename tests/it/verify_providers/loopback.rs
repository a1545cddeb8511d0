//! A repository on loopback that can misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a request for a file is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As a good server does, which can go on in the middle of a file.
    Whole,
    /// As a server does that always starts at the beginning.
    FromTheStart,
    Status(u16),
    /// All that was asked for is announced, so many bytes come, and the connection is closed.
    Cut(usize),
    /// Like `Cut`, but the connection stays open and silent.
    Silent(usize),
    /// A page for people instead of the file.
    Page,
}

/// A request as it came: the path, and where to start.
pub(super) type Asked = (String, Option<usize>);

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// The next answers for a path, the first first; after them it is `Whole`.
    ways: BTreeMap<String, Vec<Way>>,
    asked: Vec<Asked>,
}

/// The repository, as long as the test lasts.
#[derive(Clone)]
pub(super) struct Repository {
    pub(super) address: String,
    state: Arc<Mutex<State>>,
}

impl Repository {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// A file and its SHA-256 beside it.
    pub(super) fn put(&self, path: &str, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        let sum = super::sha256(bytes).into_bytes();
        state.files.insert(format!("{path}.sha256"), sum);
        state.files.insert(path.to_owned(), bytes.to_vec());
    }

    pub(super) fn pom(&self, coordinates: &str, dependencies: &[&str]) {
        let one = |name: &&str| {
            let parts: Vec<&str> = name.split(':').collect();
            format!(
                "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>",
                parts[0], parts[1], parts[2]
            )
        };
        let dependencies: String = dependencies.iter().map(one).collect();
        let text = format!("<project><dependencies>{dependencies}</dependencies></project>");
        self.put(&path_of(coordinates, "pom"), text.as_bytes());
    }

    pub(super) fn versions(&self, module: &str, versions: &[&str]) {
        let list: String = versions
            .iter()
            .map(|version| format!("<version>{version}</version>"))
            .collect();
        let text =
            format!("<metadata><versioning><versions>{list}</versions></versioning></metadata>");
        let path = format!("{}/maven-metadata.xml", module.replace(['.', ':'], "/"));
        self.put(&path, text.as_bytes());
    }

    /// The next answers for a path.
    pub(super) fn will(&self, path: &str, ways: &[Way]) {
        let mut state = self.state.lock().unwrap();
        state.ways.insert(path.to_owned(), ways.to_vec());
    }

    /// The requests for a path since the last call.
    pub(super) fn asked(&self, path: &str) -> Vec<Option<usize>> {
        let mut state = self.state.lock().unwrap();
        let all = std::mem::take(&mut state.asked);
        all.into_iter()
            .filter(|(asked, _)| asked == path)
            .map(|(_, from)| from)
            .collect()
    }
}

/// Path of an artifact in a repository.
pub(super) fn path_of(coordinates: &str, extension: &str) -> String {
    let parts: Vec<&str> = coordinates.split(':').collect();
    let (group, artifact, version) = (parts[0].replace('.', "/"), parts[1], parts[2]);
    format!("{group}/{artifact}/{version}/{artifact}-{version}.{extension}")
}

fn answer(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(&stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(read) if read > 2 => head.push(line),
            _ => break,
        }
    }
    let path = head
        .first()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or("/");
    let path = path.trim_start_matches('/').to_owned();
    let from = head.iter().find_map(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("range: bytes=")?
            .trim()
            .trim_end_matches('-')
            .parse::<usize>()
            .ok()
    });
    let (way, file) = {
        let mut state = state.lock().unwrap();
        state.asked.push((path.clone(), from));
        let ways = state.ways.entry(path.clone()).or_default();
        let way = if ways.is_empty() {
            Way::Whole
        } else {
            ways.remove(0)
        };
        (way, state.files.get(&path).cloned())
    };
    reply(stream, way, file.as_deref(), from);
}

fn reply(mut stream: TcpStream, way: Way, file: Option<&[u8]>, from: Option<usize>) {
    let Some(file) = file else {
        return send(
            &mut stream,
            "404 Not Found",
            "",
            b"no such file",
            usize::MAX,
        );
    };
    let page = b"<html><title>Sign in</title></html>";
    match (way, from) {
        (Way::Status(status), _) => send(
            &mut stream,
            &format!("{status} No"),
            "",
            b"not now",
            usize::MAX,
        ),
        (Way::Page, _) => send(&mut stream, "200 OK", "", page, usize::MAX),
        (Way::FromTheStart, _) | (Way::Whole, None) => {
            send(&mut stream, "200 OK", "", file, usize::MAX)
        }
        (Way::Cut(bytes), None) => send(&mut stream, "200 OK", "", file, bytes),
        (Way::Silent(bytes), None) => {
            send(&mut stream, "200 OK", "", file, bytes);
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
        (_, Some(from)) if from >= file.len() => {
            send(
                &mut stream,
                "416 Range Not Satisfiable",
                "",
                b"",
                usize::MAX,
            );
        }
        (Way::Whole, Some(from)) => part(&mut stream, file, from, usize::MAX),
        (Way::Cut(bytes) | Way::Silent(bytes), Some(from)) => part(&mut stream, file, from, bytes),
    }
}

fn part(stream: &mut TcpStream, file: &[u8], from: usize, bytes: usize) {
    let range = format!(
        "Content-Range: bytes {from}-{}/{}\r\n",
        file.len() - 1,
        file.len()
    );
    send(stream, "206 Partial Content", &range, &file[from..], bytes);
}

fn send(stream: &mut TcpStream, status: &str, header: &str, body: &[u8], bytes: usize) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body[..bytes.min(body.len())]));
    drop(sent);
}
