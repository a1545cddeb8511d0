//! Many releases at once: whoever makes a git tag first has it.

use std::collections::BTreeSet;

use keycloak_ecs_actions::domain::tag::Version;

use super::{as_files, bump, image, output, step, tag_of, tags, team};
use crate::support::Ended;
use crate::support::team::Team;
use crate::support::untrusted::Untrusted;

/// Runs `bump-tag` for all commits at the same time.
fn all_at_once(team: &Team, commits: &[String]) -> Vec<Ended> {
    let steps: Vec<_> = commits.iter().map(|sha| step(team, sha)).collect();
    std::thread::scope(|scope| {
        let runs: Vec<_> = steps
            .iter()
            .map(|step| scope.spawn(|| step.run("bump-tag", &[])))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// Commits on `main`, each with another Keycloak.
fn commits(team: &Team, count: usize) -> Vec<String> {
    let commits = (0..count)
        .map(|number| {
            let image = image(&format!("26.7.{}", number + 6), &["g:a:1.0.0"]);
            team.commit_here(&format!("Bump it to {number}"), &as_files(&image))
        })
        .collect();
    team.git(&["push", "-q", "origin", "main"]);
    commits
}

fn merges_at_once(count: usize) {
    let team = team();
    bump(&team, "HEAD");
    let commits = commits(&team, count);
    let ended = all_at_once(&team, &commits);
    let found: BTreeSet<Version> = ended
        .iter()
        .map(|ended| tag_of(ended).parse().unwrap())
        .collect();
    assert_eq!(found.len(), count, "each has its own tag");
    assert_eq!(tags(&team).len(), count + 1);
    let first = Version::new(1, 0, 0);
    assert!(found.iter().all(|version| *version > first));
    // Each tag points to the commit that it was made for, and its record says what it came after.
    team.git(&["fetch", "-q", "--tags", "origin"]);
    for (sha, ended) in commits.iter().zip(&ended) {
        let tag = tag_of(ended);
        let name = format!("keycloak-{tag}^{{commit}}");
        assert_eq!(team.git(&["rev-parse", &name]), *sha);
        let previous: Version = output(ended, "previous-tag").parse().unwrap();
        assert!(previous < tag.parse().unwrap());
        assert!(previous == first || found.contains(&previous));
    }
    // Whichever run is started again finds its own tag.
    let again = bump(&team, &commits[count / 2]);
    assert_eq!(tag_of(&again), tag_of(&ended[count / 2]));
    assert_eq!(output(&again, "changed"), "false");
}

#[test]
fn twenty_merges_at_once_get_twenty_tags_in_one_order() {
    merges_at_once(20);
}

#[test]
#[ignore = "takes some minutes: make test-full"]
fn a_hundred_merges_at_once_get_a_hundred_tags_in_one_order() {
    merges_at_once(100);
}

#[test]
fn many_runs_for_one_commit_share_one_tag() {
    let team = team();
    bump(&team, "HEAD");
    let commits = commits(&team, 1);
    let same: Vec<String> = commits.iter().cycle().take(8).cloned().collect();
    let ended = all_at_once(&team, &same);
    for ended in &ended {
        assert_eq!(tag_of(ended), "1.0.1", "{}", ended.log);
    }
    let new = ended
        .iter()
        .filter(|ended| output(ended, "changed") == "true")
        .count();
    assert_eq!(new, 1, "one of them has made it");
    assert_eq!(tags(&team), ["keycloak-1.0.0", "keycloak-1.0.1"]);
}

/// A gateway before GitHub that fails the first requests: it answers 502, then it hangs up.
fn faulty_gateway(team: &Team, faults: usize) -> String {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let github = team.account.world.urls.github.replace("http://", "");
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let github = github.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                if number < faults {
                    let mut head = [0; 1024];
                    let read = stream.read(&mut head);
                    if number % 2 == 0 && read.is_ok() {
                        let answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                        let _ = stream.write_all(answer);
                    }
                    return;
                }
                let mut there = TcpStream::connect(github).unwrap();
                let (mut back, mut to) = (there.try_clone().unwrap(), stream.try_clone().unwrap());
                let answers = std::thread::spawn(move || std::io::copy(&mut back, &mut to));
                let _ = std::io::copy(&mut stream, &mut there);
                let _ = answers.join();
            });
        }
    });
    address
}

#[test]
fn faults_of_github_are_outlived_and_a_gateway_that_stays_broken_is_told() {
    let team = team();
    let through = |faults| {
        let gateway = faulty_gateway(&team, faults);
        step(&team, "HEAD")
            .env("KECS_TIME_SCALE", "20")
            .env("GITHUB_API_URL", &format!("{gateway}/api"))
            .run("bump-tag", &[])
    };
    let broken = through(usize::MAX);
    assert_eq!(broken.code, 6, "{}", broken.log);
    assert_eq!(
        broken.log.matches("looking again in").count(),
        5,
        "{}",
        broken.log
    );
    assert!(tags(&team).is_empty());
    let ended = through(3);
    assert_eq!(tag_of(&ended), "1.0.0");
    assert_eq!(
        ended.log.matches("looking again in").count(),
        3,
        "{}",
        ended.log
    );
}

#[test]
fn a_github_that_is_not_trusted_is_asked_once_and_the_certificate_is_named() {
    let server = Untrusted::start();
    let ended = step(&team(), "HEAD")
        .env("KECS_TIME_SCALE", "")
        .env("GITHUB_API_URL", &server.url())
        .run("bump-tag", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    for told in ["invalid peer certificate", "SSL_CERT_FILE"] {
        assert!(ended.log.contains(told), "{}", ended.log);
    }
    assert!(!ended.log.contains("looking again"), "{}", ended.log);
}
