//! What to build, and whether there is anything to build at all. Pure.

use std::collections::BTreeMap;

use super::args::{Args, Wanted};
use crate::domain::image_input::LABEL;
use crate::domain::image_manifest::Descriptor;
use crate::domain::image_reference::{check_host, check_repository, ecr_region};
use crate::domain::tag::{is_image_tag, release};
use crate::error::{Error, Result};
use crate::runner::Env;

/// Labels of the image besides those of the OCI image specification.
const KEYCLOAK_LABEL: &str = "io.github.keycloak-ecs-actions.keycloak-version";
const PROVIDERS_LABEL: &str = "io.github.keycloak-ecs-actions.providers-digest";
/// Platforms that Keycloak's image has.
const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// A checked request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) context: String,
    pub(super) file: String,
    pub(super) repository: String,
    pub(super) registry: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) alias: Option<String>,
    /// Empty for what the builder runs on.
    pub(super) platforms: Vec<String>,
    /// The tag, if there is to be a push.
    pub(super) push: Option<String>,
    pub(super) builder: Wanted,
    pub(super) cache: Option<String>,
}

/// Checks everything that can be checked without a file, a registry or a builder.
pub(super) fn request(args: &Args) -> Result<Request> {
    check_repository("repository", &args.repository)?;
    if let Some(cache) = &args.cache_repository {
        check_repository("cache-repository", cache)?;
        if *cache == args.repository {
            return Err(
                Error::usage("`cache-repository` is the repository of the image itself")
                    .hint("Keep the cache apart: its tags move, and those of the image must not."),
            );
        }
    }
    if let Some(registry) = &args.registry {
        check_host("registry", registry)?;
    }
    for (input, value) in [("tag", &args.tag), ("alias", &args.alias)] {
        if let Some(value) = value.as_deref().filter(|value| !is_image_tag(value)) {
            return Err(Error::usage(format!("`{input}` is {value:?}, which cannot be the tag of an image")).hint(
                "A tag has up to 128 letters, digits, dots, hyphens and underscores, and starts with none of the \
                 hyphens and dots.",
            ));
        }
    }
    let push = match (args.push, &args.tag) {
        (false, _) => None,
        (true, Some(tag)) => Some(tag.clone()),
        (true, None) => {
            return Err(Error::usage("missing: `tag`").hint(
                "Give the tag that bump-tag decided, for example 1.4.2, or set `push` to false to build only.",
            ));
        }
    };
    if args.alias.is_some() && args.alias == args.tag {
        return Err(Error::usage(format!(
            "`alias` and `tag` are both {:?}",
            args.tag.as_deref().unwrap_or("")
        )));
    }
    let mut platforms = args.platforms.clone().unwrap_or_default().0;
    platforms.sort();
    platforms.dedup();
    if let Some(platform) = platforms
        .iter()
        .find(|platform| !PLATFORMS.contains(&platform.as_str()))
    {
        return Err(Error::usage(format!(
            "`platforms` holds {platform:?}: it takes {}",
            PLATFORMS.join(" and ")
        )));
    }
    if platforms.len() > 1 {
        one_platform(args.builder)?;
    }
    Ok(Request {
        context: args.context.clone(),
        file: args.file.clone(),
        repository: args.repository.clone(),
        registry: args.registry.clone(),
        tag: args.tag.clone(),
        alias: args.alias.clone(),
        platforms,
        push,
        builder: args.builder,
        cache: args.cache_repository.clone(),
    })
}

/// Refuses two platforms for a builder that makes one image at a time.
fn one_platform(builder: Wanted) -> Result<()> {
    match builder {
        Wanted::Auto | Wanted::Buildx => Ok(()),
        Wanted::Docker | Wanted::Buildah => Err(Error::usage(
            "`platforms` names two platforms, and only buildx builds both at once",
        )
        .hint("Install the plugin buildx (docker/setup-buildx-action), or name one platform.")),
    }
}

/// The name of the image at the builder: where it will be pushed to, or a name of this machine.
pub(super) fn name(request: &Request, registry: Option<&str>) -> String {
    let host = registry
        .or(request.registry.as_deref())
        .unwrap_or("localhost");
    let tag = request.tag.as_deref().unwrap_or("local");
    format!("{host}/{}:{tag}", request.repository)
}

/// What an image says of itself. No time of building: the configuration has it, and equal images stay equal.
///
/// Source of the `org.opencontainers.image` names: OCI image specification 1.1, "Pre-Defined Annotation Keys".
pub(super) fn labels(
    input_digest: &str,
    keycloak: &str,
    providers: Option<&str>,
    tag: Option<&str>,
    env: &Env,
) -> Vec<(String, String)> {
    let source = env
        .get("GITHUB_SERVER_URL")
        .zip(env.get("GITHUB_REPOSITORY"))
        .map(|(server, repository)| format!("{server}/{repository}"));
    [
        (LABEL, Some(input_digest)),
        (KEYCLOAK_LABEL, Some(keycloak)),
        (PROVIDERS_LABEL, providers),
        ("org.opencontainers.image.version", tag),
        ("org.opencontainers.image.revision", env.get("GITHUB_SHA")),
        ("org.opencontainers.image.source", source.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}

/// Why an image is not the one that would be built now; nothing if it is.
pub(super) fn difference(
    labels: &BTreeMap<String, String>,
    platforms: &[String],
    input_digest: &str,
    wanted: &[String],
) -> Option<String> {
    match labels.get(LABEL) {
        None => return Some("it was not made by build-image".to_owned()),
        Some(found) if found != input_digest => {
            return Some(format!(
                "it was made from the input {found}, and the input is {input_digest}"
            ));
        }
        Some(_) => {}
    }
    let missing = wanted
        .iter()
        .find(|platform| !platforms.contains(platform))?;
    Some(format!(
        "it is for {}, not for {missing}",
        platforms.join(" and ")
    ))
}

/// A warning about an image that is there, where no platform was asked for and it is for another one than this machine's,
/// which is what most builders run on.
pub(super) fn foreign(platforms: &[String], wanted: &[String]) -> Option<String> {
    let here = match std::env::consts::ARCH {
        "aarch64" => "linux/arm64",
        _ => "linux/amd64",
    };
    let there = platforms.is_empty() || platforms.iter().any(|one| one == here);
    (wanted.is_empty() && !there).then(|| {
        format!(
            "the image that is there is for {}, and this machine is {here}: name `platforms`, so that it cannot be the wrong one",
            platforms.join(" and ")
        )
    })
}

/// The next release above a taken one and above every other of the repository; nothing if the tag is no release.
pub(super) fn next_free(taken: &str, tags: &[String]) -> Option<String> {
    let mut next = release(taken)?;
    let highest = tags.iter().filter_map(|tag| release(tag)).max();
    next = highest.map_or(next.clone(), |highest| highest.max(next));
    next.patch += 1;
    Some(next.to_string())
}

/// The release before a tag in its repository: what most of its layers should be shared with.
pub(super) fn previous<'a>(tag: &str, tags: &'a [String]) -> Option<&'a str> {
    let this = release(tag)?;
    let earlier = tags.iter().filter_map(|tag| Some((release(tag)?, tag)));
    earlier
        .filter(|(version, _)| *version < this)
        .max()
        .map(|(_, tag)| tag.as_str())
}

/// How many of the layers are new, and their bytes.
pub(super) fn new_layers(layers: &[Descriptor], before: &[Descriptor]) -> (usize, u64) {
    let there = |layer: &Descriptor| before.iter().any(|other| other.digest == layer.digest);
    let new = layers.iter().filter(|layer| !there(layer));
    new.fold((0, 0), |(count, bytes), layer| {
        (count + 1, bytes + layer.size)
    })
}

/// Whether what the builder calls the digest is what the registry serves. Builders differ: some report the digest of the
/// manifest, `docker buildx` with the driver `docker` that of the configuration.
pub(super) fn is_pushed(claimed: &str, digest: &str, config: Option<&str>) -> bool {
    claimed == digest || config == Some(claimed)
}

/// What to do when a registry refuses, by its code (OCI distribution specification, "Error Codes").
pub(super) fn registry_hint(code: Option<&str>, host: &str, repository: &str) -> String {
    let ecr = ecr_region(host).is_some();
    match code {
        Some("UNAUTHORIZED") => format!(
            "Log in to {host} before this step: with aws-login and `ecr-login: 'true'`, or with docker login."
        ),
        Some("DENIED") => format!(
            "The login may not do that in {repository}. In ECR the role needs ecr:BatchGetImage, \
             ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer, ecr:InitiateLayerUpload, ecr:UploadLayerPart, \
             ecr:CompleteLayerUpload, ecr:PutImage and ecr:ListImages on the repository."
        ),
        Some("NAME_UNKNOWN") => format!(
            "Create the repository {repository} first, with terraform apply or aws ecr create-repository, or check \
             `repository` and the region."
        ),
        _ if ecr => {
            format!("Check the ECR registry {host} and the network, then run the step again.")
        }
        _ => format!("Check the registry {host} and the network, then run the step again."),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    fn ask(flags: &[&str]) -> Result<Request> {
        let command = <Args as clap::Args>::augment_args(Command::new("build-image"));
        let command = crate::runner::inputs::one_value_each(command);
        let line = std::iter::once("build-image").chain(flags.iter().copied());
        request(&Args::from_arg_matches(&command.get_matches_from(line)).unwrap())
    }

    #[test]
    fn a_push_needs_a_tag_and_a_build_does_not() {
        assert_eq!(
            ask(&["--tag=1.4.2"]).unwrap().push.as_deref(),
            Some("1.4.2")
        );
        assert_eq!(ask(&["--push=false"]).unwrap().push, None);
        assert_eq!(ask(&["--push=false", "--tag=1.4.2"]).unwrap().push, None);
        assert!(ask(&[]).unwrap_err().message().contains("`tag`"));
    }

    #[test]
    fn a_bad_input_is_named() {
        for (flags, input) in [
            (["--tag=1.4.2+r1", "--push=true"], "`tag`"),
            (["--tag=1", "--alias=a/b"], "`alias`"),
            (["--tag=1", "--alias=1"], "`alias`"),
            (["--tag=1", "--registry=https://ghcr.io"], "`registry`"),
            (["--tag=1", "--registry=ghcr.io/acme"], "`registry`"),
            (["--tag=1", "--repository=Keycloak"], "`repository`"),
            (
                [
                    "--tag=1",
                    "--repository=123456789012.dkr.ecr.eu-west-1.amazonaws.com/k",
                ],
                "`repository`",
            ),
            (["--tag=1", "--platforms=linux/s390x"], "`platforms`"),
            (
                ["--platforms=linux/amd64,linux/arm64", "--builder=buildah"],
                "`tag`",
            ),
            (
                ["--tag=1", "--cache-repository=keycloak"],
                "`cache-repository`",
            ),
        ] {
            let error = ask(&flags).unwrap_err();
            assert!(error.message().contains(input), "{flags:?}: {error}");
        }
        let both = [
            "--tag=1",
            "--platforms=linux/amd64,linux/arm64",
            "--builder=docker",
        ];
        assert!(ask(&both).unwrap_err().message().contains("buildx"));
        assert_eq!(ask(&both[..2]).unwrap().platforms.len(), 2);
    }

    #[test]
    fn an_image_is_the_same_if_input_and_platform_are() {
        let labels = BTreeMap::from([(LABEL.to_owned(), "sha256:a".to_owned())]);
        let amd64 = ["linux/amd64".to_owned()];
        let arm64 = ["linux/arm64".to_owned()];
        assert_eq!(difference(&labels, &amd64, "sha256:a", &[]), None);
        assert_eq!(difference(&labels, &amd64, "sha256:a", &amd64), None);
        assert!(
            difference(&labels, &amd64, "sha256:a", &arm64)
                .unwrap()
                .contains("linux/arm64")
        );
        assert!(
            difference(&labels, &amd64, "sha256:b", &[])
                .unwrap()
                .contains("sha256:b")
        );
        assert!(difference(&BTreeMap::new(), &amd64, "sha256:a", &[]).is_some());
    }

    #[test]
    fn an_image_for_another_machine_is_told_where_no_platform_was_asked_for() {
        let (amd64, arm64) = (["linux/amd64".to_owned()], ["linux/arm64".to_owned()]);
        let both = [amd64.clone(), arm64.clone()].concat();
        assert_eq!(foreign(&both, &[]), None);
        assert_eq!(foreign(&amd64, &amd64), None);
        assert_eq!(foreign(&arm64, &arm64), None);
        let told = [foreign(&amd64, &[]), foreign(&arm64, &[])];
        assert_eq!(told.iter().flatten().count(), 1, "{told:?}");
    }

    #[test]
    fn the_next_free_version_is_above_every_release() {
        let tags =
            ["1.4.2", "1.9.0", "1.10.0", "1.10.0-kc26.7.5", "9", "latest"].map(str::to_owned);
        assert_eq!(next_free("1.4.2", &tags).as_deref(), Some("1.10.1"));
        assert_eq!(next_free("2.0.0", &tags).as_deref(), Some("2.0.1"));
        assert_eq!(next_free("latest", &tags), None);
    }

    #[test]
    fn a_release_is_compared_with_the_one_before_it() {
        let tags = ["1.9.0", "1.10.0", "1.10.1", "1.10.0-kc26.7.5", "cache"].map(str::to_owned);
        assert_eq!(previous("1.10.1", &tags), Some("1.10.0"));
        assert_eq!(previous("1.9.0", &tags), None);
        assert_eq!(previous("latest", &tags), None);
        let layer = |digest: &str, size| Descriptor {
            digest: digest.to_owned(),
            size,
            platform: None,
        };
        let (now, before) = (
            [layer("a", 100), layer("b", 3), layer("c", 4)],
            [layer("a", 100)],
        );
        assert_eq!(new_layers(&now, &before), (2, 7));
        assert_eq!(new_layers(&now, &now), (0, 0));
    }

    #[test]
    fn labels_say_where_an_image_comes_from() {
        let env = Env::of(&[
            ("GITHUB_SHA", "0a1b"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/idp"),
        ]);
        let labels: BTreeMap<_, _> = labels("sha256:a", "26.7.5", None, Some("1.4.2"), &env)
            .into_iter()
            .collect();
        assert_eq!(
            labels["org.opencontainers.image.source"],
            "https://github.com/acme/idp"
        );
        assert_eq!(labels["org.opencontainers.image.revision"], "0a1b");
        assert_eq!(labels["org.opencontainers.image.version"], "1.4.2");
        assert_eq!(labels[LABEL], "sha256:a");
        assert!(!labels.contains_key(PROVIDERS_LABEL));
    }
}
