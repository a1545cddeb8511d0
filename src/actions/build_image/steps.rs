//! What builders say while they work and when they fail. Pure.

use serde_json::Value;

/// Longest text of a step, so that it stays on one line of a terminal.
const LONGEST: usize = 70;

/// The step that a line of a builder's announces, cut to one line of a terminal.
///
/// Forms: `[2/2] STEP 3/8: COPY …` (buildah), `Step 3/8 : COPY …` (docker's own builder), `#8 [builder 2/3] RUN …`
/// (BuildKit).
pub(super) fn step(line: &str) -> Option<String> {
    let line = line.trim();
    let behind_stage = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?.1,
        None => line,
    };
    if behind_stage.starts_with("STEP ") || behind_stage.starts_with("Step ") {
        return Some(cut(line));
    }
    let (number, what) = line.strip_prefix('#')?.split_once(' ')?;
    let numbered = number.bytes().all(|byte| byte.is_ascii_digit());
    let named = what.starts_with('[') && !what.starts_with("[internal]");
    (numbered && named).then(|| cut(what))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The digest in what a builder reported: buildah writes it alone, buildx as JSON, docker at the end of a line.
pub(super) fn digest(report: &str) -> Option<String> {
    if let Ok(value) = serde_json::from_str::<Value>(report) {
        return value
            .get("containerimage.digest")?
            .as_str()
            .map(str::to_owned);
    }
    let mut words = report.split_whitespace().rev();
    words
        .find(|word| word.starts_with("sha256:"))
        .map(str::to_owned)
}

/// The line of the Dockerfile that a failure is about, counted from 1.
pub(super) fn line(said: &str, file: &str, dockerfile: &str) -> Option<usize> {
    // BuildKit: `Dockerfile:12`.
    let name = file.rsplit('/').next().unwrap_or(file);
    let numbered = said.lines().find_map(|line| {
        line.trim()
            .strip_prefix(name)?
            .strip_prefix(':')?
            .parse()
            .ok()
    });
    if numbered.is_some() {
        return numbered;
    }
    let failed = words(failed_instruction(said)?);
    let lines = dockerfile.lines().map(words).enumerate();
    let likeness = lines.map(|(at, line)| {
        let same = line
            .iter()
            .zip(&failed)
            .take_while(|(one, other)| one == other);
        (same.count(), std::cmp::Reverse(at))
    });
    // The instruction and its first word at least.
    let (same, at) = likeness.max()?;
    (same >= 2).then_some(at.0 + 1)
}

/// The words of an instruction, alike in both forms: `RUN ["a", "b"]` is told as `RUN a b`.
fn words(instruction: &str) -> Vec<&str> {
    let marks = ['[', ']', '"', ','];
    instruction
        .split_whitespace()
        .map(|word| word.trim_matches(marks))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The instruction that failed, with continuation lines joined.
fn failed_instruction(said: &str) -> Option<&str> {
    // buildah: `Error: building at STEP "RUN touch …": …`.
    if let Some((_, rest)) = said.split_once("at STEP \"") {
        return Some(
            rest.rsplit_once("\": ")
                .map_or(rest, |(instruction, _)| instruction),
        );
    }
    // BuildKit: ` > [builder 2/3] RUN touch …:`, in a frame.
    let framed = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("> [")?.split_once("] "));
    if let Some((_, instruction)) = framed {
        return Some(instruction.trim_end_matches(':'));
    }
    // Docker's own builder: the step that it was at, `Step 3/8 : RUN touch …`.
    let mut steps = said.lines().filter(|line| line.starts_with("Step "));
    Some(steps.next_back()?.split_once(" : ")?.1)
}

/// What to do about a build or a push that failed.
pub(super) fn hint(said: &str) -> &'static str {
    let any = |marks: &[&str]| marks.iter().any(|mark| said.contains(mark));
    if any(&["no space left on device"]) {
        "The disk is full. Free some space, for example with docker system prune or buildah rmi --prune; no tag moved."
    } else if any(&["toomanyrequests", "too many requests", "rate limit"]) {
        "The registry of the base image limits pulls: log in to it, or use a mirror such as a pull-through cache of ECR."
    } else if any(&[
        "no basic auth credentials",
        "unauthorized",
        "authentication required",
    ]) {
        "Log in to the registry before this step: with aws-login and `ecr-login: 'true'`, or with docker login."
    } else if any(&["name unknown", "does not exist in the registry"]) {
        "Create the repository first, with terraform apply or aws ecr create-repository."
    } else if any(&["denied:", "not authorized to perform"]) {
        "The role needs more rights on the repository: the README of build-image lists them."
    } else if any(&["failed to parse platform"]) {
        "The Dockerfile needs BuildKit: install the plugin buildx (docker/setup-buildx-action), or use buildah."
    } else if any(&["Cannot connect to the Docker daemon"]) {
        "Start the Docker daemon, or choose another `builder`."
    } else {
        "These are the builder's last lines: mend what they name, then run the step again."
    }
}

/// Whether a push failed because the tag is there and must not move.
pub(super) fn is_immutable(said: &str) -> bool {
    said.contains("is immutable") && said.contains("already exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_builder_announces_its_steps() {
        for (line, wanted) in [
            (
                "[1/2] STEP 2/3: COPY a /a",
                Some("[1/2] STEP 2/3: COPY a /a"),
            ),
            ("STEP 1/3: FROM scratch", Some("STEP 1/3: FROM scratch")),
            ("Step 3/8 : COPY a /a", Some("Step 3/8 : COPY a /a")),
            ("#8 [builder 2/3] RUN x", Some("[builder 2/3] RUN x")),
            ("#3 [internal] load metadata", None),
            ("#8 0.314 Updating the configuration", None),
            ("--> Using cache dd17", None),
            ("[WARNING] [io.quarkus] x", None),
            ("", None),
        ] {
            assert_eq!(step(line).as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn a_long_step_stays_on_one_line() {
        let shown = step(&format!("STEP 7/9: LABEL \"a\"=\"{}\"", "ü".repeat(200))).unwrap();
        assert_eq!(shown.chars().count(), LONGEST + 1);
    }

    #[test]
    fn each_builder_reports_the_digest_its_own_way() {
        assert_eq!(digest("sha256:abc").as_deref(), Some("sha256:abc"));
        assert_eq!(
            digest("a: Pushed\n1.4.2: digest: sha256:abc size: 528\n").as_deref(),
            Some("sha256:abc")
        );
        assert_eq!(
            digest(r#"{"containerimage.digest": "sha256:abc"}"#).as_deref(),
            Some("sha256:abc")
        );
        assert_eq!(digest("{}"), None);
        assert_eq!(digest(""), None);
    }

    #[test]
    fn a_failure_is_shown_at_its_line() {
        let dockerfile = "FROM x\nCOPY a /a\nRUN touch --date=@1 \\\n && false\n";
        let buildah = "Error: building at STEP \"RUN touch --date=@1  && false\": exit status 1";
        assert_eq!(line(buildah, "Dockerfile", dockerfile), Some(3));
        let buildkit = "------\nDockerfile:2\n--------------------\n";
        assert_eq!(line(buildkit, "sub/Dockerfile", dockerfile), Some(2));
        let older = "#4 ERROR: not found\n------\n > [1/1] COPY a /a:\n------\n";
        assert_eq!(line(older, "Dockerfile", dockerfile), Some(2));
        let own = "Step 1/3 : FROM x\nStep 2/3 : COPY a /a\nCOPY failed: no such file";
        assert_eq!(line(own, "Dockerfile", dockerfile), Some(2));
        let two = "FROM x\nRUN echo a\nRUN echo b\nRUN [\"/bin/sh\", \"-c\", \"exit 3\"]\n";
        let said = |step: &str| format!("Error: building at STEP \"{step}\": exit status 3");
        assert_eq!(line(&said("RUN echo b"), "Dockerfile", two), Some(3));
        assert_eq!(
            line(&said("RUN /bin/sh -c exit 3"), "Dockerfile", two),
            Some(4)
        );
        assert_eq!(line("Error: something", "Dockerfile", dockerfile), None);
    }

    #[test]
    fn both_texts_of_an_immutable_tag_are_known() {
        let text = |end: &str| {
            format!(
                "tag invalid: The image tag '1' already exists in the 'k' repository and cannot be overwritten because {end}"
            )
        };
        assert!(is_immutable(&text("the tag is immutable.")));
        assert!(is_immutable(&text("the repository is immutable.")));
        assert!(!is_immutable("denied: not authorized"));
    }
}
