//! git over HTTP: `git http-backend` behind GitHub's authentication; what a push changed becomes events.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;

use super::access::{self, Needs};
use super::api::Failure;
use super::events;
use super::git::{Git, command};
use super::model::{Identity, Repository, TokenKind};
use crate::World;

/// A `post-receive` hook that writes down exactly the references that a push changed.
pub fn install_hook(git: &Git) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let hooks = git.dir.join("hooks");
    std::fs::create_dir_all(&hooks)?;
    let hook = hooks.join("post-receive");
    std::fs::write(&hook, "#!/bin/sh\nexec cat >\"$WORLD_PUSHED\"\n")?;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))
}

/// What of git's protocol a request is.
struct Wanted {
    repository: String,
    /// `/info/refs`, `/git-upload-pack` or `/git-receive-pack`.
    endpoint: &'static str,
    push: bool,
}

fn wanted(request: &Request) -> Option<Wanted> {
    let path = request.uri().path().trim_start_matches('/');
    let endpoint = ["/info/refs", "/git-upload-pack", "/git-receive-pack"]
        .into_iter()
        .find(|endpoint| path.ends_with(endpoint))?;
    let name = path.strip_suffix(endpoint)?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let push = endpoint == "/git-receive-pack"
        || request.uri().query() == Some("service=git-receive-pack");
    (name.matches('/').count() == 1).then(|| Wanted {
        repository: name.to_owned(),
        endpoint,
        push,
    })
}

/// Answers what no route of the REST API does: git, or 404.
pub async fn serve(world: Arc<World>, request: Request) -> Response<Body> {
    let Some(wanted) = wanted(&request) else {
        return plain(404, "Not Found");
    };
    let operation = format!(
        "{} {}{}",
        request.method(),
        wanted.repository,
        wanted.endpoint
    );
    let (caller, response) = match admit(&world, request.headers(), &wanted) {
        Err(failure) => ("anonymous".to_owned(), refuse(&failure)),
        Ok((repository, identity)) => {
            let answer = backend(&world, request, &wanted, &repository, &identity).await;
            let response = answer.unwrap_or_else(|error| plain(500, &error.to_string()));
            (identity.describe(), response)
        }
    };
    let status = response.status().as_u16();
    world.journal.record("git", operation, caller, status, "");
    response
}

fn admit(
    world: &World,
    headers: &HeaderMap,
    wanted: &Wanted,
) -> Result<(Repository, Identity), Failure> {
    let identity = access::identify(&world.github, headers)?;
    let found = world.github.repository(&wanted.repository);
    let needs = match wanted.push {
        true => Needs::write("contents"),
        false => Needs::read("contents"),
    };
    let anonymous = identity.kind == TokenKind::Anonymous;
    let Some(repository) = found else {
        // GitHub does not tell strangers which repositories there are: git then asks for a password.
        let status = if anonymous { 401 } else { 404 };
        return Err(Failure::new(status, "Repository not found."));
    };
    match access::check(&identity, &repository, needs) {
        Ok(()) => Ok((repository, identity)),
        Err(_) if anonymous => Err(Failure::new(401, "Authentication required")),
        Err(failure) if failure.status == 404 => Err(Failure::new(404, "Repository not found.")),
        Err(_) => Err(Failure::new(
            403,
            format!(
                "Permission to {}.git denied to {}.",
                wanted.repository, identity.login
            ),
        )),
    }
}

fn refuse(failure: &Failure) -> Response<Body> {
    let mut response = plain(failure.status, &failure.message);
    if failure.status == 401 {
        let value = header::HeaderValue::from_static("Basic realm=\"GitHub\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn plain(status: u16, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let value = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

async fn backend(
    world: &Arc<World>,
    request: Request,
    wanted: &Wanted,
    repository: &Repository,
    identity: &Identity,
) -> std::io::Result<Response<Body>> {
    let pushed = tempfile::NamedTempFile::new()?;
    let child = start(&request, wanted, repository, identity, pushed.path())?;
    let received = request.method() == Method::POST && wanted.push;
    let output = converse(child, request.into_body()).await?;
    if received {
        let text = std::fs::read_to_string(pushed.path())?;
        for line in text.lines() {
            if let [before, after, name] = line.split(' ').collect::<Vec<_>>()[..] {
                events::reference_moved(world, repository, name, before, after, identity).await;
            }
        }
    }
    Ok(response(&output))
}

/// Starts the CGI program.
fn start(
    request: &Request,
    wanted: &Wanted,
    repository: &Repository,
    identity: &Identity,
    pushed: &Path,
) -> std::io::Result<Child> {
    let text = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let mut command = command(&["http-backend"]);
    command
        .env("GIT_PROJECT_ROOT", &repository.git.dir)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", wanted.endpoint)
        .env("REQUEST_METHOD", request.method().as_str())
        .env("QUERY_STRING", request.uri().query().unwrap_or_default())
        .env("CONTENT_TYPE", text("content-type"))
        .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
        .env("GIT_PROTOCOL", text("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("GIT_COMMITTER_NAME", &identity.login)
        .env("GIT_COMMITTER_EMAIL", "noreply@github.com")
        .env("WORLD_PUSHED", pushed)
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    if wanted.push {
        command.env("REMOTE_USER", &identity.login);
    }
    command.spawn()
}

async fn converse(mut child: Child, mut body: Body) -> std::io::Result<Vec<u8>> {
    let stdin = child.stdin.take();
    let send = async {
        let Some(mut stdin) = stdin else { return };
        while let Some(Ok(frame)) = body.frame().await {
            if let Some(data) = frame.data_ref()
                && stdin.write_all(data).await.is_err()
            {
                break;
            }
        }
    };
    let ((), output) = tokio::join!(send, child.wait_with_output());
    Ok(output?.stdout)
}

/// The HTTP answer in what a CGI program wrote.
fn response(output: &[u8]) -> Response<Body> {
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, body) = match end {
        Some(end) => (&output[..end], output[end + 4..].to_vec()),
        None => return plain(500, "git http-backend did not answer"),
    };
    let mut response = Response::new(Body::from(body));
    for line in String::from_utf8_lossy(head).lines() {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse().ok());
            *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) = (
            header::HeaderName::try_from(name),
            header::HeaderValue::try_from(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
