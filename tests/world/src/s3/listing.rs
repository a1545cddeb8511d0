//! Pages of keys.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::request::{Operation, Request};
use super::xml::{document, element, iso_time, url_encoded};
use super::{Bucket, Object};
use crate::aws::ApiError;

/// Most keys of a page.
const LONGEST_PAGE: usize = 1000;

/// What a page is to hold.
struct Wanted<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    /// The last key or common prefix of the page before.
    after: &'a str,
    most: usize,
}

/// One page.
#[derive(Default)]
struct Page<'a> {
    objects: Vec<(&'a str, &'a Object)>,
    prefixes: Vec<String>,
    /// The last key or common prefix of this page, if there are more.
    next: Option<String>,
}

fn page<'a>(objects: &'a BTreeMap<String, Object>, wanted: &Wanted<'_>) -> Page<'a> {
    let mut page = Page::default();
    let mut last = String::new();
    for (key, object) in objects {
        let Some(rest) = key.strip_prefix(wanted.prefix) else {
            continue;
        };
        if key.as_str() <= wanted.after || wanted.most == 0 {
            continue;
        }
        let group = match wanted.delimiter {
            "" => None,
            delimiter => rest
                .find(delimiter)
                .map(|at| key[..wanted.prefix.len() + at + delimiter.len()].to_owned()),
        };
        if group
            .as_ref()
            .is_some_and(|group| *group == last || group == wanted.after)
        {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == wanted.most {
            page.next = Some(last);
            return page;
        }
        match group {
            Some(group) => {
                last.clone_from(&group);
                page.prefixes.push(group);
            }
            None => {
                last.clone_from(key);
                page.objects.push((key, object));
            }
        }
    }
    page
}

/// The answer to `ListObjects` and `ListObjectsV2`.
pub(super) fn answer(request: &Request<'_>, bucket: &Bucket) -> Result<String, ApiError> {
    let second = request.operation == Operation::ListObjectsV2;
    let parameter = |name: &str| request.parameter(name).unwrap_or("");
    let invalid = |message: &str| ApiError::new(400, "InvalidArgument", message);
    if second && parameter("list-type") != "2" {
        return Err(invalid("Invalid List Type specified in the request"));
    }
    let most = match parameter("max-keys") {
        "" => LONGEST_PAGE,
        text => text
            .parse::<usize>()
            .map_err(|_| invalid("Provided max-keys not an integer or within integer range"))?
            .min(LONGEST_PAGE),
    };
    let token = match request.parameter("continuation-token") {
        Some(token) => {
            let bytes = STANDARD.decode(token).ok();
            Some(
                bytes
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .filter(|key| !key.is_empty())
                    .ok_or_else(|| invalid("The continuation token provided is incorrect"))?,
            )
        }
        None => None,
    };
    let after = match &token {
        Some(key) => key.as_str(),
        None if second => parameter("start-after"),
        None => parameter("marker"),
    };
    let wanted = Wanted {
        prefix: parameter("prefix"),
        delimiter: parameter("delimiter"),
        after,
        most,
    };
    let page = page(&bucket.objects, &wanted);
    let encoded = parameter("encoding-type") == "url";
    let key_text = |key: &str| {
        if encoded {
            url_encoded(key)
        } else {
            key.to_owned()
        }
    };
    let mut inner = element("Name", &request.bucket);
    inner += &element("Prefix", &key_text(wanted.prefix));
    if !wanted.delimiter.is_empty() {
        inner += &element("Delimiter", &key_text(wanted.delimiter));
    }
    inner += &element("MaxKeys", &most.to_string());
    if encoded {
        inner += &element("EncodingType", "url");
    }
    inner += &element("IsTruncated", &page.next.is_some().to_string());
    if second {
        let count = page.objects.len() + page.prefixes.len();
        inner += &element("KeyCount", &count.to_string());
        for name in ["continuation-token", "start-after"] {
            if let Some(value) = request.parameter(name) {
                let text = if name == "start-after" {
                    element("StartAfter", &key_text(value))
                } else {
                    element("ContinuationToken", value)
                };
                inner += &text;
            }
        }
        if let Some(next) = &page.next {
            inner += &element("NextContinuationToken", &STANDARD.encode(next));
        }
    } else {
        inner += &element("Marker", &key_text(wanted.after));
        // Only with a delimiter: otherwise the last key is the next marker.
        if let Some(next) = page.next.as_ref().filter(|_| !wanted.delimiter.is_empty()) {
            inner += &element("NextMarker", &key_text(next));
        }
    }
    for (key, object) in &page.objects {
        inner += "<Contents>";
        inner += &element("Key", &key_text(key));
        inner += &element("LastModified", &iso_time(object.modified));
        inner += &element("ETag", &format!("\"{}\"", object.etag));
        inner += &element("Size", &object.body.len().to_string());
        inner += &element("StorageClass", "STANDARD");
        inner += "</Contents>";
    }
    for prefix in &page.prefixes {
        inner += &format!(
            "<CommonPrefixes>{}</CommonPrefixes>",
            element("Prefix", &key_text(prefix))
        );
    }
    Ok(document("ListBucketResult", &inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(
        after: &str,
        delimiter: &str,
        most: usize,
    ) -> (Vec<String>, Vec<String>, Option<String>) {
        let objects: BTreeMap<String, Object> = ["a/1", "a/2", "b", "c/x/1", "c/y"]
            .iter()
            .map(|key| ((*key).to_owned(), Object::new("", 0.0)))
            .collect();
        let wanted = Wanted {
            prefix: "",
            delimiter,
            after,
            most,
        };
        let page = page(&objects, &wanted);
        let keys = page.objects.iter().map(|(key, _)| (*key).to_owned());
        (keys.collect(), page.prefixes, page.next)
    }

    #[test]
    fn a_delimiter_rolls_keys_up_and_counts_each_group_once() {
        let (keys, prefixes, next) = keys("", "/", 1000);
        assert_eq!(
            (keys, prefixes, next),
            (vec!["b".into()], vec!["a/".into(), "c/".into()], None)
        );
    }

    #[test]
    fn pages_lose_and_repeat_nothing() {
        for delimiter in ["", "/"] {
            for most in 1..6 {
                let whole = keys("", delimiter, 1000);
                let mut found = (Vec::new(), Vec::new());
                let mut after = String::new();
                loop {
                    let (keys, prefixes, next) = keys(&after, delimiter, most);
                    assert!(keys.len() + prefixes.len() <= most);
                    found.0.extend(keys);
                    found.1.extend(prefixes);
                    match next {
                        Some(next) => after = next,
                        None => break,
                    }
                }
                assert_eq!(found, (whole.0, whole.1), "{delimiter:?} {most}");
            }
        }
    }
}
