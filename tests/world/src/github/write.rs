//! Objects that GitHub writes itself: blobs, trees, commits, tags and merges.

use super::git::{Commit, Git, GitError, Result, Signature, output};

/// What a new commit is made of.
pub struct NewCommit<'a> {
    pub tree: &'a str,
    pub parents: &'a [String],
    pub message: &'a str,
    pub author: &'a Signature,
    pub committer: &'a Signature,
}

/// One entry to put into a tree; without an object id the path is removed.
pub struct Put {
    pub path: String,
    pub mode: String,
    pub sha: Option<String>,
}

impl Git {
    /// Writes a blob.
    pub async fn write_blob(&self, content: &[u8]) -> Result<String> {
        self.feed(&["hash-object", "-w", "-t", "blob", "--stdin"], content)
            .await
    }

    /// Writes the tree that `base` becomes with `puts`, through an index of its own.
    pub async fn write_tree(&self, base: Option<&str>, puts: &[Put]) -> Result<String> {
        let folder = tempfile::tempdir().map_err(|error| GitError(error.to_string()))?;
        let index = folder.path().join("index");
        let run = async |args: &[&str], input: Option<&[u8]>| {
            let mut command = self.command(args);
            command.env("GIT_INDEX_FILE", &index);
            output(command, input).await
        };
        if let Some(base) = base {
            run(&["read-tree", base], None).await?;
        }
        let mut lines = Vec::new();
        for put in puts {
            if put.path.is_empty() || put.path.starts_with('/') || put.path.contains('\0') {
                return Err(GitError(format!("malformed path {:?}", put.path)));
            }
            let line = match &put.sha {
                Some(sha) => format!("{} {sha}\t{}\0", put.mode, put.path),
                None => format!("0 {}\t{}\0", super::git::ZERO, put.path),
            };
            lines.extend(line.into_bytes());
        }
        run(&["update-index", "-z", "--index-info"], Some(&lines)).await?;
        let tree = run(&["write-tree"], None).await?;
        Ok(String::from_utf8_lossy(&tree).trim().to_owned())
    }

    /// Writes a commit.
    pub async fn write_commit(&self, new: &NewCommit<'_>) -> Result<String> {
        let mut args = vec!["commit-tree", new.tree];
        for parent in new.parents {
            args.extend(["-p", parent]);
        }
        let mut command = self.command(&args);
        command
            .env("GIT_AUTHOR_NAME", &new.author.name)
            .env("GIT_AUTHOR_EMAIL", &new.author.email)
            .env("GIT_AUTHOR_DATE", &new.author.date)
            .env("GIT_COMMITTER_NAME", &new.committer.name)
            .env("GIT_COMMITTER_EMAIL", &new.committer.email)
            .env("GIT_COMMITTER_DATE", &new.committer.date);
        let sha = output(command, Some(new.message.as_bytes())).await?;
        Ok(String::from_utf8_lossy(&sha).trim().to_owned())
    }

    /// Writes an annotated tag; the reference is another matter.
    pub async fn write_tag(
        &self,
        name: &str,
        object: &str,
        kind: &str,
        tagger: &Signature,
        message: &str,
    ) -> Result<String> {
        let time = tagger
            .date
            .parse::<jiff::Timestamp>()
            .map_err(|error| GitError(error.to_string()))?
            .as_second();
        let end = if message.ends_with('\n') { "" } else { "\n" };
        let tag = format!(
            "object {object}\ntype {kind}\ntag {name}\ntagger {} <{}> {time} +0000\n\n{message}{end}",
            tagger.name, tagger.email
        );
        self.feed(&["mktag", "--no-strict"], tag.as_bytes()).await
    }

    /// The tree of a merge of two commits; `None` if they conflict.
    pub async fn merge_tree(&self, base: &str, head: &str) -> Option<String> {
        let tree = self.text(&["merge-tree", "--write-tree", base, head]).await;
        tree.ok()
            .and_then(|text| text.lines().next().map(str::to_owned))
    }

    /// Fetches one branch of another repository on this machine into a reference of this one.
    pub async fn take(&self, from: &Git, source: &str, target: &str) -> Result<()> {
        let path = from.dir.to_string_lossy().into_owned();
        let spec = format!("+{source}:{target}");
        self.text(&["fetch", "-q", "--no-tags", "--", &path, &spec])
            .await
            .map(drop)
    }

    /// The tagger's part and message of an annotated tag: `(object, kind, name, tagger, message)`.
    pub async fn tag(&self, sha: &str) -> Option<(String, String, String, Signature, String)> {
        let (kind, content) = self.object(sha).await?;
        if kind != "tag" {
            return None;
        }
        let text = String::from_utf8_lossy(&content).into_owned();
        let (head, message) = text.split_once("\n\n")?;
        let field = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        };
        let (who, when) = field("tagger")?.rsplit_once("> ")?;
        let (name, email) = who.split_once(" <")?;
        let seconds = when.split(' ').next()?.parse().ok()?;
        let tagger = Signature {
            name: name.to_owned(),
            email: email.to_owned(),
            date: jiff::Timestamp::from_second(seconds).ok()?.to_string(),
        };
        Some((
            field("object")?.to_owned(),
            field("type")?.to_owned(),
            field("tag")?.to_owned(),
            tagger,
            message.trim_end_matches('\n').to_owned(),
        ))
    }
}

/// First line and the rest of a commit message.
pub fn headline(commit: &Commit) -> (&str, &str) {
    let (headline, body) = commit
        .message
        .split_once('\n')
        .unwrap_or((&commit.message, ""));
    (headline, body.trim_start_matches('\n'))
}
