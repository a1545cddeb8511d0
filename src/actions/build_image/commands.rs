//! The command lines of the builders. Pure.
//!
//! Sources: docker/cli, docker/buildx and buildah references, November 2026; what was run with buildah 1.28 is written
//! down in `tests/tools/README.md`.

use super::builder::Builder;
use super::update;

/// What is to be built.
pub(super) struct Job<'a> {
    pub(super) context: &'a str,
    /// Path of the Dockerfile.
    pub(super) dockerfile: &'a str,
    /// `<host>/<repository>:<tag>`.
    pub(super) name: &'a str,
    pub(super) labels: &'a [(String, String)],
    pub(super) platforms: &'a [String],
    pub(super) push: bool,
    /// Whether the registry is on this machine and speaks plain HTTP.
    pub(super) plain_http: bool,
    /// `<host>/<repository>` of the layer cache.
    pub(super) cache: Option<&'a str>,
    /// File that the builder writes the digest to.
    pub(super) report: &'a str,
    /// Whether the user chose buildah's isolation.
    pub(super) isolation_chosen: bool,
    /// What Keycloak said of the release before, for the stage that compares.
    pub(super) update_from: Option<&'a str>,
}

/// A program with its arguments and variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) program: &'static str,
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(&'static str, &'static str)>,
}

fn command(program: &'static str, arguments: &[&str]) -> Command {
    Command {
        program,
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        variables: Vec::new(),
    }
}

impl Command {
    fn and(&mut self, arguments: &[&str]) {
        self.arguments
            .extend(arguments.iter().map(|text| (*text).to_owned()));
    }
}

/// The start of every build.
fn start(builder: Builder, job: &Job<'_>) -> Command {
    let mut line = match builder {
        Builder::Buildx { .. } => command("docker", &["buildx", "build", "--progress=plain"]),
        Builder::Docker { .. } => command("docker", &["build"]),
        // Docker's format keeps the health check, which OCI's does not know.
        Builder::Buildah => command("buildah", &["build", "--layers", "--format=docker"]),
    };
    match builder {
        // The index that provenance makes has another digest at each run, and ECR cannot scan it.
        Builder::Buildx { .. } => line.variables.push(("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")),
        Builder::Docker { built_in, .. } => {
            line.variables.push(("BUILDKIT_PROGRESS", "plain"));
            if built_in {
                line.variables.push(("DOCKER_BUILDKIT", "1"));
            }
        }
        // Works for root and others, with and without an OCI runtime.
        Builder::Buildah if !job.isolation_chosen => line.and(&["--isolation=chroot"]),
        Builder::Buildah => {}
    }
    line.and(&["--file", job.dockerfile]);
    line
}

fn build_argument(line: &mut Command, job: &Job<'_>) {
    if let Some(value) = job.update_from {
        line.and(&["--build-arg", &format!("{}={value}", update::ARGUMENT)]);
    }
}

/// Builds the stage that says what an update takes, and leaves its files in a folder; nothing for a builder that cannot.
pub(super) fn ask(builder: Builder, job: &Job<'_>, folder: &str) -> Option<Command> {
    if matches!(builder, Builder::Docker { legacy: true, .. }) {
        return None;
    }
    let mut line = start(builder, job);
    line.and(&["--target", update::STAGE]);
    line.and(&["--output", &format!("type=local,dest={folder}")]);
    build_argument(&mut line, job);
    from_cache(&mut line, builder, job);
    line.and(&[job.context]);
    Some(line)
}

fn from_cache(line: &mut Command, builder: Builder, job: &Job<'_>) {
    let Some(cache) = job.cache else { return };
    match builder {
        Builder::Buildx { .. } => {
            line.and(&["--cache-from", &format!("type=registry,ref={cache}:cache")]);
        }
        Builder::Docker { .. } => {}
        Builder::Buildah => {
            line.and(&["--cache-from", cache]);
            if job.plain_http {
                line.and(&["--tls-verify=false"]);
            }
        }
    }
}

/// Builds the image; buildx pushes it too, where it can without its tag.
pub(super) fn build(builder: Builder, job: &Job<'_>) -> Command {
    let mut line = start(builder, job);
    // An image that is pushed by its digest gets its tag afterwards.
    let by_digest = job.push && builder == Builder::Buildx { by_digest: true };
    if !by_digest {
        line.and(&["--tag", job.name]);
    }
    for (name, value) in job.labels {
        line.and(&["--label", &format!("{name}={value}")]);
    }
    if !job.platforms.is_empty() {
        line.and(&["--platform", &job.platforms.join(",")]);
    }
    if matches!(builder, Builder::Buildx { .. }) {
        line.and(&["--metadata-file", job.report]);
    }
    from_cache(&mut line, builder, job);
    match (builder, job.cache) {
        (Builder::Buildx { .. }, Some(cache)) if job.push => {
            // mode=max keeps the stage that runs `kc.sh build`, the expensive one; ECR wants the rest.
            let to = format!(
                "type=registry,ref={cache}:cache,mode=max,image-manifest=true,oci-mediatypes=true"
            );
            line.and(&["--cache-to", &to]);
        }
        (Builder::Buildah, Some(cache)) if job.push => line.and(&["--cache-to", cache]),
        _ => {}
    }
    match builder {
        Builder::Buildx { .. } if by_digest => {
            let repository = job.name.rsplit_once(':').map_or(job.name, |(name, _)| name);
            line.and(&[
                "--output",
                &format!(
                    "type=image,name={repository},push-by-digest=true,name-canonical=true,push=true"
                ),
            ]);
        }
        Builder::Buildx { .. } if job.push => line.and(&["--push"]),
        Builder::Buildx { .. } if job.platforms.len() < 2 => line.and(&["--load"]),
        // buildah 1.28 builds every stage: with the same argument the one that was asked comes from its cache.
        Builder::Buildah => build_argument(&mut line, job),
        _ => {}
    }
    line.and(&[job.context]);
    line
}

/// Pushes the image that was built, unless the build did.
pub(super) fn push(builder: Builder, job: &Job<'_>) -> Option<Command> {
    match builder {
        Builder::Buildx { .. } => None,
        Builder::Docker { .. } => Some(command("docker", &["push", job.name])),
        Builder::Buildah => {
            let mut line = command("buildah", &["push", "--digestfile", job.report]);
            if job.plain_http {
                line.and(&["--tls-verify=false"]);
            }
            line.and(&[job.name, &format!("docker://{}", job.name)]);
            Some(line)
        }
    }
}

/// Asks for the platform of the image that was built, such as `linux/arm64`; not of what is only in a registry.
pub(super) fn platform(builder: Builder, job: &Job<'_>) -> Option<Command> {
    match builder {
        Builder::Buildx { .. } => None,
        Builder::Docker { .. } => Some(command(
            "docker",
            &[
                "image",
                "inspect",
                "--format",
                "{{.Os}}/{{.Architecture}}",
                job.name,
            ],
        )),
        Builder::Buildah => Some(command(
            "buildah",
            &[
                "inspect",
                "--type=image",
                "--format",
                "{{.OCIv1.OS}}/{{.OCIv1.Architecture}}",
                job.name,
            ],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job<'a>(labels: &'a [(String, String)], platforms: &'a [String]) -> Job<'a> {
        Job {
            context: "docker",
            dockerfile: "docker/Dockerfile",
            name: "127.0.0.1:5000/keycloak:1.4.2",
            labels,
            platforms,
            push: true,
            plain_http: true,
            cache: Some("127.0.0.1:5000/cache"),
            report: "/tmp/report",
            isolation_chosen: false,
            update_from: None,
        }
    }

    fn line(command: &Command) -> String {
        format!("{} {}", command.program, command.arguments.join(" "))
    }

    #[test]
    fn buildx_builds_and_pushes_in_one_go_without_provenance() {
        let labels = [("a".to_owned(), "b c".to_owned())];
        let platforms = ["linux/amd64", "linux/arm64"].map(str::to_owned);
        let build = build(
            Builder::Buildx { by_digest: false },
            &job(&labels, &platforms),
        );
        assert_eq!(
            line(&build),
            "docker buildx build --progress=plain --file docker/Dockerfile --tag 127.0.0.1:5000/keycloak:1.4.2 \
             --label a=b c --platform linux/amd64,linux/arm64 --metadata-file /tmp/report \
             --cache-from type=registry,ref=127.0.0.1:5000/cache:cache \
             --cache-to type=registry,ref=127.0.0.1:5000/cache:cache,mode=max,image-manifest=true,oci-mediatypes=true \
             --push docker"
        );
        assert_eq!(build.variables, [("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")]);
        assert_eq!(
            push(
                Builder::Buildx { by_digest: false },
                &job(&labels, &platforms)
            ),
            None
        );
    }

    #[test]
    fn a_builder_that_can_pushes_without_the_tag() {
        let build = build(Builder::Buildx { by_digest: true }, &job(&[], &[]));
        let line = line(&build);
        assert!(
            !line.contains("--tag") && !line.contains("--push"),
            "{line}"
        );
        let output = "--output type=image,name=127.0.0.1:5000/keycloak,push-by-digest=true,name-canonical=true,push=true";
        assert!(line.contains(output), "{line}");
    }

    #[test]
    fn the_stage_is_asked_for_its_files_alone() {
        let labels = [("a".to_owned(), "b".to_owned())];
        let mut job = job(&labels, &[]);
        job.update_from = Some("{}");
        let asked = ask(Builder::Buildx { by_digest: false }, &job, "/tmp/told").unwrap();
        assert_eq!(
            line(&asked),
            "docker buildx build --progress=plain --file docker/Dockerfile --target update-compatibility \
             --output type=local,dest=/tmp/told --build-arg UPDATE_FROM={} \
             --cache-from type=registry,ref=127.0.0.1:5000/cache:cache docker"
        );
        let docker = |legacy| Builder::Docker {
            built_in: false,
            legacy,
        };
        assert!(ask(docker(false), &job, "/tmp/told").is_some());
        assert!(ask(docker(true), &job, "/tmp/told").is_none());
        let built = line(&build(Builder::Buildah, &job));
        assert!(built.contains("--build-arg UPDATE_FROM={}"), "{built}");
    }

    #[test]
    fn a_build_without_a_push_writes_to_no_registry() {
        for builder in [
            Builder::Buildx { by_digest: false },
            Builder::Docker {
                built_in: true,
                legacy: false,
            },
            Builder::Buildah,
        ] {
            let mut job = job(&[], &[]);
            job.push = false;
            let line = line(&build(builder, &job));
            assert!(
                !line.contains("--push") && !line.contains("--cache-to"),
                "{line}"
            );
        }
    }

    #[test]
    fn buildah_leaves_certificates_alone_but_on_this_machine() {
        let mut job = job(&[], &[]);
        assert!(line(&push(Builder::Buildah, &job).unwrap()).contains("--tls-verify=false"));
        job.plain_http = false;
        let (build, push) = (
            build(Builder::Buildah, &job),
            push(Builder::Buildah, &job).unwrap(),
        );
        assert!(!line(&build).contains("tls-verify") && !line(&push).contains("tls-verify"));
    }
}
