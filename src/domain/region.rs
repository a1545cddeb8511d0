//! AWS regions: which there are, which there may be one day, and where else to ask when one does not answer. Pure.

use super::near::distance;
use crate::error::{Error, Result};

/// Regions with a public STS endpoint, for near names: "Regions, Availability Zones, and Local Zones" in the AWS general
/// reference, November 2026. One that is named as these are may have been opened since.
const KNOWN: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// What the last word of every region's name is so far.
const DIRECTIONS: [&str; 9] = [
    "central",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "east",
    "west",
];

/// Whether a region of this name was there when this was written.
pub fn is_known(region: &str) -> bool {
    KNOWN.contains(&region)
}

/// Whether there may be a region of this name: words in small letters, a direction, one digit, joined by hyphens.
pub fn looks_right(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let [first, middle @ .., direction, number] = &parts[..] else {
        return false;
    };
    let word = |text: &&str| {
        (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    word(first)
        && middle.iter().all(word)
        && DIRECTIONS.contains(direction)
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Refuses what cannot be a region; `from` is the input or the variable that it stands in.
pub fn check(from: &str, region: &str) -> Result<()> {
    if looks_right(region) {
        return Ok(());
    }
    let near = near(region);
    let hint = if near.is_empty() {
        "It looks like eu-central-1.".to_owned()
    } else {
        format!("Did you mean {}?", near.join(" or "))
    };
    Err(Error::usage(format!("{from} is {region:?}, which is no AWS region")).hint(hint))
}

/// Known regions that differ from `region` in at most two characters; none if it is itself known.
pub fn near(region: &str) -> Vec<&'static str> {
    if is_known(region) {
        return Vec::new();
    }
    KNOWN
        .into_iter()
        .filter(|known| distance(known, region) <= 2)
        .collect()
}

/// A region of the same partition, near by and never switched off by default, to ask when `region` does not answer.
pub fn fallback(region: &str) -> &'static str {
    let (first, second) = match region.split('-').next().unwrap_or("") {
        "cn" => ("cn-north-1", "cn-northwest-1"),
        "us" if region.starts_with("us-gov-") => ("us-gov-west-1", "us-gov-east-1"),
        "eu" | "me" | "af" | "il" => ("eu-west-1", "eu-central-1"),
        "ap" => ("ap-southeast-1", "ap-northeast-1"),
        _ => ("us-east-1", "us-west-2"),
    };
    if region == first { second } else { first }
}

/// The partition that a region belongs to, as ARNs name it.
pub fn partition(region: &str) -> &'static str {
    match region.split('-').next().unwrap_or("") {
        "cn" => "aws-cn",
        "us" if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_looks_right_and_has_another_to_fall_back_to() {
        for region in KNOWN {
            assert!(looks_right(region), "{region}");
            assert_ne!(fallback(region), region);
            assert_eq!(partition(region), partition(fallback(region)), "{region}");
            assert!(near(region).is_empty());
        }
        for text in [
            "eu-central",
            "EU-central-1",
            "eu_central_1",
            "central",
            "eu-central-1a",
            "-1",
            "eu--1",
            "eu-centrl-1",
            "xx-nowhere-1",
        ] {
            assert!(!looks_right(text), "{text}");
        }
        for text in ["eusc-de-east-1", "us-iso-east-1", "sa-west-1"] {
            assert!(looks_right(text), "{text}");
            assert!(!is_known(text), "{text}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_has_near_names() {
        assert_eq!(near("eu-centrall-1"), ["eu-central-1", "eu-central-2"]);
        let error = check("AWS_REGION", "eu-centrl-1").unwrap_err();
        assert!(error.message().starts_with("AWS_REGION is"), "{error}");
        assert!(near("ap-southeast-9").contains(&"ap-southeast-1"));
        assert!(near("xx-nowhere-1").is_empty());
    }
}
