//! Filter patterns for unstructured log events.
//!
//! From documentation ("Filter pattern syntax" in the Amazon CloudWatch Logs user guide, November 2026): terms are case
//! sensitive; all of them must occur; of terms with `?` one is enough; `-` excludes; a term with other characters than
//! letters, digits and `_` stands in quotes. Patterns for JSON and for fields are refused here.

use crate::aws::ApiError;

/// A pattern.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let invalid = || ApiError::new(400, "InvalidParameterException", "Invalid filter pattern");
        let mut pattern = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let kind = rest.chars().next().filter(|first| "?-".contains(*first));
            rest = &rest[usize::from(kind.is_some())..];
            let term = if let Some(quoted) = rest.strip_prefix('"') {
                let (term, after) = quoted.split_once('"').ok_or_else(invalid)?;
                rest = after;
                term
            } else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (term, after) = rest.split_at(end);
                rest = after;
                let plain = |c: char| c.is_alphanumeric() || c == '_';
                if term.is_empty() || !term.chars().all(plain) {
                    return Err(invalid());
                }
                term
            };
            let terms = match kind {
                Some('?') => &mut pattern.any,
                Some(_) => &mut pattern.none,
                None => &mut pattern.all,
            };
            terms.push(term.to_owned());
            rest = rest.trim_start();
        }
        Ok(pattern)
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        // Optional terms beside others are ignored.
        let any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has);
        any && self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_all_any_or_none() {
        let matches =
            |pattern: &str, message: &str| Pattern::parse(pattern).unwrap().matches(message);
        assert!(matches("", "anything"));
        assert!(matches("ERROR 403", "ERROR: 403"));
        assert!(!matches("ERROR 404", "ERROR: 403"));
        assert!(!matches("error", "ERROR"));
        assert!(matches("?one ?two", "two"));
        assert!(!matches("?one ?two", "three"));
        assert!(matches(r#"?"list in S3" ?x"#, "the list in S3 is"));
        assert!(!matches("ERROR -Exiting", "ERROR Exiting"));
        for bad in ["{ $.level = 1 }", "[a, b]", "\"open", "a:b"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
