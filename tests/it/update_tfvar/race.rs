//! Many runs at the same time.

use std::sync::Barrier;

use super::{BRANCH, FILE, content, forge, proposing};

/// Races to run: `KECS_RACES` for more than one.
fn races() -> u32 {
    let wanted = std::env::var("KECS_RACES").ok();
    wanted.and_then(|races| races.parse().ok()).unwrap_or(1)
}

#[test]
fn of_twenty_runs_one_pull_request_with_the_newest_value_remains() {
    for _ in 0..races() {
        let forge = forge();
        let runs = 20;
        let start = Barrier::new(runs + 1);
        let ended = std::thread::scope(|scope| {
            let handles: Vec<_> = (1..=runs)
                .map(|number| {
                    let step = proposing(&forge, &format!("1.1.{number}"));
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        step.run("update-tfvar", &[])
                    })
                })
                .collect();
            start.wait();
            // A person commits to the branch as soon as it is there.
            while forge.tip(BRANCH).is_none() && handles.iter().any(|handle| !handle.is_finished())
            {
                std::thread::yield_now();
            }
            forge.put(BRANCH, "notes.md", b"a note\n");
            let ended: Vec<_> = handles
                .into_iter()
                .map(|handle| handle.join().unwrap())
                .collect();
            ended
        });
        for run in &ended {
            assert_eq!(run.code, 0, "{}", run.log);
        }
        let open = forge.open_pulls();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(forge.pulls().len(), 1);
        assert_eq!(forge.text(BRANCH, FILE), content("1.1.20", "sha256:aa"));
        assert_eq!(forge.text(BRANCH, "notes.md"), "a note\n");
        assert_eq!(
            open[0].title,
            "production: set keycloak_image_tag to 1.1.20"
        );
        let body = open[0].body.as_deref().unwrap();
        assert!(body.contains("| `1.0.0` | `1.1.20` |"), "{body}");
        let created = ended
            .iter()
            .filter(|run| run.log.contains("opened #1"))
            .count();
        assert_eq!(created, 1);
    }
}

#[test]
fn of_runs_on_branches_of_their_own_the_newest_alone_stays_open() {
    let forge = forge();
    let runs = 8;
    let start = Barrier::new(runs);
    std::thread::scope(|scope| {
        for number in 1..=runs {
            let tag = format!("1.1.{number}");
            let step = proposing(&forge, &tag).env("KECS_BRANCH", &format!("bump/{tag}"));
            let start = &start;
            scope.spawn(move || {
                start.wait();
                let ended = step.run("update-tfvar", &[]);
                assert_eq!(ended.code, 0, "{}", ended.log);
            });
        }
    });
    let open = forge.open_pulls();
    let titles: Vec<&str> = open.iter().map(|pull| pull.title.as_str()).collect();
    assert_eq!(titles, ["production: set keycloak_image_tag to 1.1.8"]);
}
