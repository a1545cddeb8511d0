//! Maven coordinates of a jar.

use std::fmt;
use std::str::FromStr;

/// `group:artifact:version`, or `group:artifact:version:classifier`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coordinates {
    pub group: String,
    pub artifact: String,
    pub version: String,
    /// Tells apart the files of one version, such as `linux-x86_64`.
    pub classifier: Option<String>,
}

impl Coordinates {
    /// `group:artifact`, and the classifier if there is one: what exists in one version at a time.
    pub fn module(&self) -> String {
        let classifier = suffix(':', self.classifier.as_deref());
        format!("{}:{}{classifier}", self.group, self.artifact)
    }

    /// The same artifact in another version.
    #[must_use]
    pub fn at(&self, version: &str) -> Self {
        Self {
            version: version.to_owned(),
            ..self.clone()
        }
    }

    /// Whether the version names other files on other days.
    ///
    /// Source: "What is a SNAPSHOT version?" and the reserved `LATEST` and `RELEASE` in the documentation of Apache Maven,
    /// November 2026.
    pub fn moves(&self) -> bool {
        self.version.ends_with("-SNAPSHOT") || ["LATEST", "RELEASE"].contains(&&*self.version)
    }

    /// Name of the artifact's file with an extension, such as `jar`.
    pub fn file(&self, extension: &str) -> String {
        let classifier = suffix('-', self.classifier.as_deref());
        format!("{}-{}{classifier}.{extension}", self.artifact, self.version)
    }

    /// The package URL, for example `pkg:maven/org.jgroups.aws/jgroups-aws@4.0.0.Final`.
    ///
    /// Source: "purl-spec", type `maven`, November 2026. Names cannot hold what it would have to encode.
    pub fn purl(&self) -> String {
        let classifier = self
            .classifier
            .as_deref()
            .map(|classifier| format!("?classifier={classifier}"));
        format!(
            "pkg:maven/{}/{}@{}{}",
            self.group,
            self.artifact,
            self.version,
            classifier.unwrap_or_default()
        )
    }

    /// Reads what [`Coordinates::purl`] wrote; nothing for another kind of package.
    pub fn from_purl(purl: &str) -> Option<Self> {
        let (name, version) = purl.strip_prefix("pkg:maven/")?.split_once('@')?;
        let (version, classifier) = match version.split_once("?classifier=") {
            Some((version, classifier)) => (version, format!(":{classifier}")),
            None => (version, String::new()),
        };
        format!("{}:{version}{classifier}", name.replacen('/', ":", 1))
            .parse()
            .ok()
    }

    /// Path in a repository of Maven's default layout.
    ///
    /// Source: "Repository Layout" in the documentation of Apache Maven, November 2026.
    pub fn path(&self, extension: &str) -> String {
        format!(
            "{}/{}/{}/{}",
            self.group.replace('.', "/"),
            self.artifact,
            self.version,
            self.file(extension)
        )
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classifier = suffix(':', self.classifier.as_deref());
        write!(
            f,
            "{}:{}:{}{classifier}",
            self.group, self.artifact, self.version
        )
    }
}

fn suffix(separator: char, text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("{separator}{text}"))
}

/// Whether a text can be part of coordinates: it becomes part of a path and of an address.
pub fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && !text.starts_with('.') && !text.contains("..") && text.chars().all(legal)
}

impl FromStr for Coordinates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            [group, artifact, version, ..]
                if parts.len() <= 4 && parts.iter().all(|part| is_name(part)) =>
            {
                Ok(Self {
                    group: group.to_owned(),
                    artifact: artifact.to_owned(),
                    version: version.to_owned(),
                    classifier: parts.get(3).map(|classifier| (*classifier).to_owned()),
                })
            }
            _ => Err(format!("{text:?} is not group:artifact:version")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lead_to_a_file_and_a_path() {
        let jar: Coordinates = "org.jgroups.aws:jgroups-aws:4.0.0.Final".parse().unwrap();
        assert_eq!(jar.file("jar"), "jgroups-aws-4.0.0.Final.jar");
        assert_eq!(
            jar.path("jar"),
            "org/jgroups/aws/jgroups-aws/4.0.0.Final/jgroups-aws-4.0.0.Final.jar"
        );
        assert_eq!(jar.to_string(), "org.jgroups.aws:jgroups-aws:4.0.0.Final");
    }

    #[test]
    fn a_classifier_is_part_of_file_and_package_url() {
        let jar: Coordinates = "io.netty:netty-x:4.1:linux-x86_64".parse().unwrap();
        assert_eq!(jar.file("jar"), "netty-x-4.1-linux-x86_64.jar");
        assert_eq!(
            jar.purl(),
            "pkg:maven/io.netty/netty-x@4.1?classifier=linux-x86_64"
        );
        assert_eq!(Coordinates::from_purl(&jar.purl()), Some(jar));
        for purl in [
            "pkg:maven/a@1",
            "pkg:npm/a/b@1",
            "pkg:maven/a/b",
            "pkg:maven/a/../b@1",
            "pkg:maven/a/b@1?type=x",
        ] {
            assert_eq!(Coordinates::from_purl(purl), None, "{purl}");
        }
    }

    #[test]
    fn nothing_can_leave_the_folder() {
        for text in [
            "a:b",
            "a:b:c:d:e",
            "a:b:c:",
            "a::c",
            "a:../b:c",
            "a:b:1/2",
            "a:b:..",
            " a:b:c",
            "a:b:c?d",
        ] {
            assert!(text.parse::<Coordinates>().is_err(), "{text:?}");
        }
    }
}
