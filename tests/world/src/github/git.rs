//! A bare git repository, worked on with the `git` binary.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Object id of "nothing": a reference that is made or deleted.
pub const ZERO: &str = "0000000000000000000000000000000000000000";
/// Object id of the empty tree.
pub const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// What git said when it refused.
#[derive(Clone, Debug)]
pub struct GitError(pub String);

pub type Result<T> = std::result::Result<T, GitError>;

/// One bare repository on disk.
#[derive(Clone, Debug)]
pub struct Git {
    pub dir: PathBuf,
}

/// Name, e-mail address and time (RFC 3339, UTC) of an author or committer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub email: String,
    pub date: String,
}

/// One commit.
#[derive(Clone, Debug)]
pub struct Commit {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub struct TreeEntry {
    pub mode: String,
    pub kind: String,
    pub sha: String,
    pub size: Option<u64>,
    pub path: String,
}

/// One file that differs between two trees.
#[derive(Clone, Debug)]
pub struct Change {
    pub path: String,
    /// `added`, `removed` or `modified`.
    pub status: &'static str,
    pub sha: String,
    pub additions: u64,
    pub deletions: u64,
}

/// A `git` command that sees nothing of this machine's configuration.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a prepared command with the given input; its output, or what it wrote to standard error.
pub async fn output(mut command: Command, input: Option<&[u8]>) -> Result<Vec<u8>> {
    let refused = |error: std::io::Error| GitError(format!("could not run git: {error}"));
    let output = match input {
        None => command.output().await.map_err(refused)?,
        Some(input) => {
            let mut child = command.stdin(Stdio::piped()).spawn().map_err(refused)?;
            let stdin = child.stdin.take();
            let write = async {
                if let Some(mut stdin) = stdin {
                    // A child that ends early closes the pipe: its exit status tells.
                    let _ = stdin.write_all(input).await;
                }
            };
            let ((), output) = tokio::join!(write, child.wait_with_output());
            output.map_err(refused)?
        }
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(GitError(
        String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    ))
}

impl Git {
    /// Creates an empty bare repository with the given default branch.
    pub async fn create(dir: &Path, default_branch: &str) -> Result<Self> {
        let git = Self {
            dir: dir.to_owned(),
        };
        let path = dir.to_string_lossy();
        let branch = format!("--initial-branch={default_branch}");
        output(
            command(&["init", "-q", "--bare", "--template=", &branch, "--", &path]),
            None,
        )
        .await?;
        for (key, value) in [
            ("http.receivepack", "true"),
            ("receive.hideRefs", "refs/pull"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("gc.auto", "0"),
            ("core.logAllRefUpdates", "false"),
        ] {
            git.text(&["config", key, value]).await?;
        }
        Ok(git)
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.env("GIT_DIR", &self.dir);
        command
    }

    /// Standard output of a git command.
    pub async fn bytes(&self, args: &[&str]) -> Result<Vec<u8>> {
        output(self.command(args), None).await
    }

    /// Standard output of a git command as text, without the last line end.
    pub async fn text(&self, args: &[&str]) -> Result<String> {
        self.bytes(args).await.map(into_text)
    }

    /// As [`Git::text`], for a command that reads.
    pub async fn feed(&self, args: &[&str], input: &[u8]) -> Result<String> {
        output(self.command(args), Some(input)).await.map(into_text)
    }

    /// The object id that a revision names, if it is there and of that kind (`commit`, `tree`, `object`).
    pub async fn resolve(&self, revision: &str, kind: &str) -> Option<String> {
        let parse = async |revision: &str| {
            let args = ["rev-parse", "--verify", "-q", "--end-of-options", revision];
            self.text(&args).await.ok()
        };
        // What follows `commit:` is a path, so that it cannot be peeled.
        if !revision.contains(':') {
            return parse(&format!("{revision}^{{{kind}}}")).await;
        }
        let sha = parse(revision).await?;
        parse(&format!("{sha}^{{{kind}}}")).await
    }

    /// The commit that a branch, tag, full reference name or object id means.
    pub async fn commit_of(&self, name: &str) -> Option<String> {
        let is_id = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id && let Some(sha) = self.resolve(name, "commit").await {
            return Some(sha);
        }
        for candidate in [
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
            name.to_owned(),
        ] {
            if let Some(sha) = self.resolve(&candidate, "commit").await {
                return Some(sha);
            }
        }
        None
    }

    /// The object that a full reference name (`refs/heads/main`) points to.
    pub async fn reference(&self, name: &str) -> Option<String> {
        self.text(&["show-ref", "--verify", "-s", "--", name])
            .await
            .ok()
    }

    /// Names, object ids and kinds of the references whose full name starts with `prefix`.
    pub async fn references(&self, prefix: &str) -> Result<Vec<(String, String, String)>> {
        let format = "--format=%(refname) %(objectname) %(objecttype)";
        let all = self.text(&["for-each-ref", format]).await?;
        Ok(all
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, ' ').map(str::to_owned);
                Some((parts.next()?, parts.next()?, parts.next()?))
            })
            .filter(|(name, ..)| name.starts_with(prefix))
            .collect())
    }

    /// Moves a reference from `before` to `after` ([`ZERO`]: none), and only from there.
    pub async fn update(&self, name: &str, after: &str, before: &str) -> Result<()> {
        let args: &[&str] = if after == ZERO {
            &["update-ref", "-d", name, before]
        } else {
            &["update-ref", name, after, before]
        };
        self.text(args).await.map(drop)
    }

    /// Kind and content of an object.
    pub async fn object(&self, sha: &str) -> Option<(String, Vec<u8>)> {
        let kind = self.text(&["cat-file", "-t", sha]).await.ok()?;
        let content = self.bytes(&["cat-file", &kind, sha]).await.ok()?;
        Some((kind, content))
    }

    /// Whether `ancestor` is `descendant` or one of the commits before it.
    pub async fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        self.text(&["merge-base", "--is-ancestor", ancestor, descendant])
            .await
            .is_ok()
    }

    /// The best common ancestor.
    pub async fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        self.text(&["merge-base", one, other]).await.ok()
    }

    /// Number of commits of a range (`a..b`).
    pub async fn count(&self, range: &str) -> u64 {
        let count = self.text(&["rev-list", "--count", range]).await;
        count
            .ok()
            .and_then(|count| count.parse().ok())
            .unwrap_or_default()
    }

    /// The commits of a range or of one tip, newest first; only those that touch `path` if it is given.
    pub async fn log(
        &self,
        range: &str,
        path: Option<&str>,
        skip: usize,
        max: usize,
    ) -> Result<Vec<Commit>> {
        let (skip, max) = (format!("--skip={skip}"), format!("--max-count={max}"));
        let format =
            "--format=tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B%x00";
        let date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
        let mut args = vec!["log", &skip, &max, date, format, range, "--"];
        args.extend(path);
        let text = self.text(&args).await?;
        let fields: Vec<&str> = text.split('\0').collect();
        let signature = |fields: &[&str]| Signature {
            name: fields[0].to_owned(),
            email: fields[1].to_owned(),
            date: fields[2].to_owned(),
        };
        Ok(fields
            .chunks_exact(10)
            .map(|fields| Commit {
                sha: fields[0].trim().to_owned(),
                tree: fields[1].to_owned(),
                parents: fields[2].split_whitespace().map(str::to_owned).collect(),
                author: signature(&fields[3..6]),
                committer: signature(&fields[6..9]),
                message: fields[9].trim_end_matches('\n').to_owned(),
            })
            .collect())
    }

    /// One commit.
    pub async fn commit(&self, sha: &str) -> Option<Commit> {
        self.log(sha, None, 0, 1).await.ok()?.pop()
    }

    /// The entries of a tree; with those of its sub-trees if `recursive`.
    pub async fn tree(&self, tree: &str, recursive: bool) -> Result<Vec<TreeEntry>> {
        let mut args = vec!["ls-tree", "-l", "-z"];
        if recursive {
            args.extend(["-r", "-t"]);
        }
        args.extend(["--", tree]);
        let text = self.text(&args).await?;
        Ok(text
            .split('\0')
            .filter_map(|line| {
                let (facts, path) = line.split_once('\t')?;
                let mut facts = facts.split_whitespace().map(str::to_owned);
                Some(TreeEntry {
                    mode: facts.next()?,
                    kind: facts.next()?,
                    sha: facts.next()?,
                    size: facts.next()?.parse().ok(),
                    path: path.to_owned(),
                })
            })
            .collect())
    }

    /// The entry of a path in a tree or commit; `None` if there is none.
    pub async fn entry(&self, tree: &str, path: &str) -> Option<TreeEntry> {
        let wanted = path.trim_matches('/');
        let (folder, name) = wanted.rsplit_once('/').unwrap_or(("", wanted));
        let folder = self.resolve(&format!("{tree}:{folder}"), "tree").await?;
        let mut entry = self
            .tree(&folder, false)
            .await
            .ok()?
            .into_iter()
            .find(|entry| entry.path == name)?;
        entry.path = wanted.to_owned();
        Some(entry)
    }

    /// The files that differ between two commits or trees.
    pub async fn changes(&self, from: &str, to: &str) -> Result<Vec<Change>> {
        let raw = self
            .text(&["diff-tree", "-r", "-z", "--no-renames", "--raw", from, to])
            .await?;
        let numbers = self
            .text(&[
                "diff-tree",
                "-r",
                "-z",
                "--no-renames",
                "--numstat",
                from,
                to,
            ])
            .await?;
        let mut parts = raw.split('\0');
        let mut counts = numbers.split('\0');
        let mut changes = Vec::new();
        while let (Some(facts), Some(path)) = (parts.next(), parts.next()) {
            let facts: Vec<&str> = facts.split(' ').collect();
            let [_, _, before, after, status] = facts[..] else {
                break;
            };
            let counts: Vec<&str> = counts.next().unwrap_or_default().split('\t').collect();
            let count = |index: usize| counts.get(index).and_then(|count| count.parse().ok());
            changes.push(Change {
                path: path.to_owned(),
                status: match status {
                    "A" => "added",
                    "D" => "removed",
                    _ => "modified",
                },
                sha: if status == "D" { before } else { after }.to_owned(),
                additions: count(0).unwrap_or_default(),
                deletions: count(1).unwrap_or_default(),
            });
        }
        Ok(changes)
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}
