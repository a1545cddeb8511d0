use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_800_000_000;
const OLD: i64 = NOW - 3600;

fn task(number: u8) -> Task {
    Task {
        id: format!("task{number}"),
        address: Some(IpAddr::from([10, 0, 1, number])),
        started: OLD,
    }
}

fn peer(number: u8, coordinator: bool) -> Peer {
    Peer {
        name: format!("node{number}"),
        uuid: format!("00000000-0000-0000-0000-0000000000{number:02}"),
        address: IpAddr::from([10, 0, 1, number]),
        port: 7800,
        coordinator,
    }
}

/// A list whose first node is the coordinator.
fn list(numbers: &[u8]) -> List {
    let peers = numbers
        .iter()
        .enumerate()
        .map(|(at, number)| peer(*number, at == 0));
    List {
        key: format!("lab/ISPN/{}.list", numbers[0]),
        modified: OLD + 60,
        peers: Ok(peers.collect()),
    }
}

/// Two old tasks, an old list for each group, no log.
fn evidence(lists: &[&[u8]]) -> Evidence {
    Evidence {
        now: NOW,
        expected: 2,
        tasks: vec![task(1), task(2)],
        lists: Some(lists.iter().map(|numbers| list(numbers)).collect()),
        ..Evidence::default()
    }
}

/// Views by the number of the task: coordinator, number of the view, size.
fn with_views(mut evidence: Evidence, views: &[(u8, u8, usize)]) -> Evidence {
    let views = views.iter().map(|(task, coordinator, size)| {
        let view = View {
            coordinator: format!("node{coordinator}"),
            number: 3,
            size: *size,
        };
        (format!("task{task}"), Logged { at: OLD + 90, view })
    });
    evidence.views = Some(views.collect());
    evidence
}

const TOGETHER: &[(u8, u8, usize)] = &[(1, 1, 2), (2, 1, 2)];
const APART: &[(u8, u8, usize)] = &[(1, 1, 1), (2, 2, 1)];

fn verdict(evidence: &Evidence) -> Verdict {
    judge(evidence).verdict
}

#[test]
fn settled_evidence_has_one_verdict() {
    use Verdict::{NoEvidence, Split, Stale, Whole};
    // What the lists hold; the verdict without a log, with views that agree, with views that differ.
    type Case<'a> = (&'a str, &'a [&'a [u8]], [Verdict; 3]);
    let cases: &[Case<'_>] = &[
        ("one list of both", &[&[1, 2]], [Whole, Whole, Split]),
        ("a list for each", &[&[1], &[2]], [Split, Stale, Split]),
        ("only one is listed", &[&[1]], [NoEvidence, Stale, Split]),
        ("nobody is listed", &[], [NoEvidence, Stale, Split]),
        (
            "a dead coordinator beside",
            &[&[1, 2], &[9]],
            [Stale, Stale, Split],
        ),
        ("only dead ones", &[&[8, 9]], [NoEvidence, Stale, Split]),
        (
            "a stranger is listed too",
            &[&[1, 2, 9]],
            [NoEvidence, Stale, Split],
        ),
    ];
    for (name, lists, [silent, together, apart]) in cases {
        let evidence = evidence(lists);
        assert_eq!(verdict(&evidence), *silent, "{name}, no log");
        let evidence = with_views(evidence, TOGETHER);
        assert_eq!(verdict(&evidence), *together, "{name}, views agree");
        let evidence = with_views(evidence, APART);
        assert_eq!(verdict(&evidence), *apart, "{name}, views differ");
    }
}

#[test]
fn without_lists_the_views_alone_decide() {
    let mut evidence = evidence(&[]);
    evidence.lists = None;
    assert_eq!(verdict(&evidence), Verdict::NoEvidence);
    let finding = judge(&with_views(evidence.clone(), TOGETHER));
    assert_eq!((finding.verdict, finding.members), (Verdict::Whole, 2));
    assert_eq!(finding.coordinators, ["node1"]);
    assert_eq!(
        verdict(&with_views(evidence.clone(), APART)),
        Verdict::Split
    );
    let half = with_views(evidence.clone(), &TOGETHER[..1]);
    assert_eq!(verdict(&half), Verdict::NoEvidence);
    assert!(judge(&half).causes.contains(&Cause::NoView {
        tasks: vec!["task2".to_owned()]
    }));
    let larger = with_views(evidence, &[(1, 1, 3), (2, 1, 3)]);
    assert_eq!(verdict(&larger), Verdict::NoEvidence);
}

#[test]
fn what_can_still_change_is_forming() {
    let mut young = evidence(&[&[1], &[2]]);
    young.tasks[0].started = NOW - JOIN_SECONDS + 1;
    assert_eq!(verdict(&young), Verdict::Forming, "a node is young");
    let mut fresh = evidence(&[&[1], &[2]]);
    fresh.lists.as_mut().unwrap()[0].modified = NOW - MERGE_SECONDS + 1;
    assert_eq!(verdict(&fresh), Verdict::Forming, "a list is fresh");
    let mut leaving = evidence(&[&[1]]);
    leaving.leaving.push(task(7));
    assert_eq!(verdict(&leaving), Verdict::Forming, "a task leaves");
    let mut few = evidence(&[&[1, 2]]);
    few.expected = 3;
    assert_eq!(verdict(&few), Verdict::Forming, "a task is missing");
    let mut unknown = evidence(&[&[1, 2]]);
    unknown.tasks[1].address = None;
    assert_eq!(verdict(&unknown), Verdict::Forming, "an address is missing");
    let empty = Evidence::default();
    assert_ne!(verdict(&empty), Verdict::Whole, "nothing is no cluster");
}

#[test]
fn a_whole_cluster_is_whole_at_once() {
    let mut young = evidence(&[&[2, 1]]);
    young.tasks[0].started = NOW - 20;
    young.lists.as_mut().unwrap()[0].modified = NOW - 1;
    let finding = judge(&young);
    assert_eq!(finding.verdict, Verdict::Whole);
    assert_eq!((finding.members, finding.causes), (2, vec![]));
    assert_eq!(finding.coordinators, ["node2"]);
}

#[test]
fn a_list_without_its_coordinator_is_stale_when_the_views_agree() {
    let mut evidence = evidence(&[&[2]]);
    evidence.lists.as_mut().unwrap()[0].peers = Ok(vec![peer(2, false)]);
    assert_eq!(verdict(&evidence), Verdict::NoEvidence);
    assert_eq!(verdict(&with_views(evidence, TOGETHER)), Verdict::Stale);
}

#[test]
fn a_node_that_s3_refused_is_alone() {
    let mut evidence = with_views(evidence(&[&[1]]), APART);
    evidence.refused.insert("task2".to_owned());
    let finding = judge(&evidence);
    assert_eq!(finding.verdict, Verdict::Alone);
    assert!(
        finding.next_steps()[0].contains("s3:ListBucket"),
        "{finding:?}"
    );
    // Refused once, and found the others later.
    evidence = with_views(evidence, TOGETHER);
    assert_eq!(verdict(&evidence), Verdict::Stale);
}

#[test]
fn a_link_local_address_is_a_cause_of_its_own() {
    let address = IpAddr::from([169, 254, 172, 2]);
    let announce = |list: &mut List| {
        for peer in list.peers.as_mut().unwrap() {
            peer.address = address;
        }
    };
    let mut both = evidence(&[&[1], &[2]]);
    both.lists.as_mut().unwrap().iter_mut().for_each(announce);
    let finding = judge(&both);
    assert_eq!(finding.verdict, Verdict::Split);
    assert!(finding.causes.contains(&Cause::LinkLocal {
        name: "node1".to_owned(),
        address,
    }));
    let mut one = evidence(&[&[1]]);
    one.lists.as_mut().unwrap().iter_mut().for_each(announce);
    assert_eq!(
        verdict(&one),
        Verdict::Alone,
        "the list, and an address that is no task's"
    );
}

#[test]
fn a_list_from_before_a_task_speaks_of_somebody_else() {
    let mut evidence = evidence(&[&[1, 2]]);
    evidence.lists.as_mut().unwrap()[0].modified = OLD - 1;
    assert_eq!(verdict(&evidence), Verdict::NoEvidence);
    assert!(judge(&evidence).causes.contains(&Cause::Leftover {
        key: "lab/ISPN/1.list".to_owned()
    }));
}

#[test]
fn an_address_that_was_used_again_belongs_to_the_newer_list() {
    let mut evidence = evidence(&[&[1, 2], &[8]]);
    let lists = evidence.lists.as_mut().unwrap();
    lists[1].peers.as_mut().unwrap()[0].address = IpAddr::from([10, 0, 1, 2]);
    lists[1].modified = lists[0].modified - 10;
    assert_eq!(verdict(&evidence), Verdict::Stale);
}

#[test]
fn what_is_no_list_is_never_overlooked() {
    let mut evidence = evidence(&[&[1, 2]]);
    evidence.lists.as_mut().unwrap().push(List {
        key: "lab/ISPN/x".to_owned(),
        modified: OLD,
        peers: Err(Malformed {
            line: 1,
            problem: "1 fields".to_owned(),
        }),
    });
    assert_eq!(verdict(&evidence), Verdict::NoEvidence);
    assert_eq!(verdict(&with_views(evidence, TOGETHER)), Verdict::Stale);
}

#[test]
fn every_verdict_but_whole_says_what_to_do() {
    for evidence in [
        evidence(&[]),
        evidence(&[&[1]]),
        evidence(&[&[1], &[2]]),
        evidence(&[&[1, 2], &[9]]),
        evidence(&[&[1, 2, 9]]),
        with_views(evidence(&[&[1]]), TOGETHER),
    ] {
        let finding = judge(&evidence);
        assert_ne!(finding.verdict, Verdict::Whole);
        assert!(!finding.next_steps().is_empty(), "{finding:?}");
        for step in finding.next_steps() {
            assert!(
                step.ends_with('.') && step.starts_with(char::is_uppercase),
                "{step}"
            );
        }
        for cause in &finding.causes {
            assert!(!cause.to_string().ends_with('.'), "{cause}");
        }
    }
}

fn any_list() -> impl Strategy<Value = List> {
    let peers = prop::collection::vec((1..5_u8, any::<bool>(), 0..3_u8), 0..4);
    (peers, 0..200_i64, any::<bool>()).prop_map(|(peers, age, readable)| List {
        key: "k".to_owned(),
        modified: NOW - age,
        peers: if readable {
            Ok(peers
                .into_iter()
                .map(|(number, coordinator, life)| {
                    let mut peer = peer(number, coordinator);
                    peer.uuid.replace_range(0..1, &life.to_string());
                    peer
                })
                .collect())
        } else {
            Err(Malformed {
                line: 1,
                problem: String::new(),
            })
        },
    })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let tasks = prop::sample::subsequence(vec![1_u8, 2, 3], 0..=3);
    let lists = prop::option::weighted(0.8, prop::collection::vec(any_list(), 0..3));
    let view = (1..4_u8, 0..3_u64, 1..4_usize, 0..200_i64);
    let views = prop::collection::btree_map(1..4_u8, view, 0..4);
    (
        tasks,
        0..4_usize,
        0..400_i64,
        lists,
        prop::option::of(views),
    )
        .prop_map(|(tasks, expected, age, lists, views)| Evidence {
            now: NOW,
            expected,
            tasks: tasks
                .into_iter()
                .map(|number| Task {
                    started: NOW - age,
                    ..task(number)
                })
                .collect(),
            leaving: Vec::new(),
            refused: BTreeSet::from(["task2".to_owned()]),
            lists,
            views: views.map(|views| {
                let logged = views.into_iter().map(|(task, (node, number, size, age))| {
                    let view = View {
                        coordinator: format!("node{node}"),
                        number,
                        size,
                    };
                    (
                        format!("task{task}"),
                        Logged {
                            at: NOW - age,
                            view,
                        },
                    )
                });
                logged.collect()
            }),
        })
}

proptest! {
    #![proptest_config(crate::domain::tries(4000))]

    #[test]
    fn whole_has_exactly_one_coordinator_and_the_tasks_as_members(evidence in any_evidence()) {
        if verdict(&evidence) == Verdict::Whole {
            let count = evidence.tasks.len();
            prop_assert!(count > 0 && count == evidence.expected);
            match &evidence.lists {
                Some(lists) => {
                    prop_assert_eq!(lists.len(), 1);
                    let peers = lists[0].peers.as_ref().unwrap();
                    prop_assert_eq!(peers.iter().filter(|peer| peer.coordinator).count(), 1);
                    let mut members: Vec<_> = peers.iter().map(|peer| Some(peer.address)).collect();
                    let mut tasks: Vec<_> = evidence.tasks.iter().map(|task| task.address).collect();
                    members.sort();
                    tasks.sort();
                    prop_assert_eq!(members, tasks);
                }
                None => {
                    let views = evidence.views.as_ref().unwrap();
                    let first = &views[&evidence.tasks[0].id].view;
                    prop_assert_eq!(first.size, count);
                    prop_assert!(evidence.tasks.iter().all(|task| &views[&task.id].view == first));
                }
            }
            prop_assert!(judge(&evidence).coordinators.len() == 1);
        }
    }

    #[test]
    fn split_and_alone_are_never_said_of_views_that_agree(evidence in any_evidence()) {
        let views = evidence.views.as_ref();
        let agree = evidence.tasks.iter().all(|task| {
            views.and_then(|views| views.get(&task.id)).is_some_and(|logged| {
                logged.view.size == evidence.tasks.len()
                    && logged.view == views.unwrap()[&evidence.tasks[0].id].view
            })
        });
        if agree {
            prop_assert!(!matches!(verdict(&evidence), Verdict::Split | Verdict::Alone));
        }
    }

    #[test]
    fn no_order_matters(mut evidence in any_evidence()) {
        let before = verdict(&evidence);
        evidence.tasks.reverse();
        for list in evidence.lists.iter_mut().flatten() {
            if let Ok(peers) = &mut list.peers {
                peers.reverse();
            }
        }
        if let Some(lists) = &mut evidence.lists {
            lists.reverse();
        }
        prop_assert_eq!(verdict(&evidence), before);
    }

    #[test]
    fn time_alone_never_takes_a_verdict_back(mut evidence in any_evidence()) {
        let before = verdict(&evidence);
        evidence.now += 10_000;
        if before != Verdict::Forming {
            prop_assert_eq!(verdict(&evidence), before);
        }
    }
}
