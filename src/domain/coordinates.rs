//! Maven coordinates of a jar.

use std::fmt;
use std::str::FromStr;

/// `group:artifact:version`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coordinates {
    pub group: String,
    pub artifact: String,
    pub version: String,
}

impl Coordinates {
    /// `group:artifact`.
    pub fn module(&self) -> String {
        format!("{}:{}", self.group, self.artifact)
    }

    /// Name of the artifact's file with an extension, such as `jar`.
    pub fn file(&self, extension: &str) -> String {
        format!("{}-{}.{extension}", self.artifact, self.version)
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
        write!(f, "{}:{}:{}", self.group, self.artifact, self.version)
    }
}

/// Whether a text can be part of coordinates: it becomes part of a path and of an address.
pub fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && !text.starts_with('.') && !text.contains("..") && text.chars().all(legal)
}

impl FromStr for Coordinates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split(':').collect::<Vec<_>>()[..] {
            [group, artifact, version] if [group, artifact, version].into_iter().all(is_name) => {
                Ok(Self {
                    group: group.to_owned(),
                    artifact: artifact.to_owned(),
                    version: version.to_owned(),
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
    fn nothing_can_leave_the_folder() {
        for text in [
            "a:b", "a:b:c:d", "a::c", "a:../b:c", "a:b:1/2", "a:b:..", " a:b:c", "a:b:c?d",
        ] {
            assert!(text.parse::<Coordinates>().is_err(), "{text:?}");
        }
    }
}
