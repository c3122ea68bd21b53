use std::collections::BTreeSet;

use super::*;
use crate::domain::register::{
    Enrolment, Pair, PlanProposal, Purpose, Responsibility, Separation, SeparationReason, Series,
};
use crate::domain::zone::Zone;

const ART: ChannelId = ChannelId(100);
const ELLA: UserId = UserId(10);
const COACH: UserId = UserId(20);
const SAM: UserId = UserId(21);
const KIM: UserId = UserId(22);
const STRANGER: UserId = UserId(40);
const DSL: UserId = UserId(30);

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn now() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

fn kind(who: UserId) -> Kind {
    match who {
        ELLA => Kind::YoungPerson,
        COACH | SAM | KIM => Kind::YouthWorker,
        DSL => Kind::Dsl,
        _ => Kind::Guest,
    }
}

fn ground_at(now: Timestamp) -> Ground<'static> {
    Ground { now, kind: &kind, is_space: &|space| space == ART }
}

fn session() -> Session {
    Session {
        id: "art".into(),
        spaces: BTreeSet::from([ART]),
        leaders: BTreeSet::from([COACH, SAM]),
        from: at("2026-03-03T18:00:00Z"),
        until: at("2026-03-03T20:00:00Z"),
        early_open_minutes: 15,
        standby: Some(KIM),
        risk_assessment: Some("RA-2026-14".into()),
        signed_by: Some(DSL),
        booked_by: Some(COACH),
        ..Session::default()
    }
}

fn weekly(rule: &str) -> Series {
    Series {
        zone: Zone::default(),
        starts: "2026-03-03T18:00".parse().unwrap(),
        ends: "2026-03-03T20:00".parse().unwrap(),
        rule: rule.into(),
        except: BTreeSet::new(),
    }
}

fn agreed(changes: &[Register]) -> Agreed {
    let mut agreed = Agreed::default();
    for change in changes {
        agreed.apply(change);
    }
    agreed
}

fn refused(session: Session) -> Vec<Refused> {
    book(&Agreed::default(), session, &ground_at(now())).unwrap_err()
}

#[test]
fn a_whole_booking_is_recorded_as_it_was_asked_for() {
    let asked = session();
    assert_eq!(
        book(&Agreed::default(), asked.clone(), &ground_at(now())),
        Ok(Register::SessionBooked(asked))
    );
    let series = Session { repeats: Some(Box::new(weekly("FREQ=WEEKLY;COUNT=10"))), ..session() };
    assert!(book(&Agreed::default(), series, &ground_at(now())).is_ok());
}

#[test]
fn every_shortcoming_of_a_booking_is_named() {
    let s = session;
    let cases: Vec<(Session, Refused)> = vec![
        (Session { id: "Tuesday Art".into(), ..s() }, Refused::Name { name: "Tuesday Art".into() }),
        (Session { spaces: BTreeSet::new(), ..s() }, Refused::NoSpace),
        (
            Session { spaces: BTreeSet::from([ChannelId(7)]), ..s() },
            Refused::UnknownSpace { space: ChannelId(7) },
        ),
        (Session { leaders: BTreeSet::from([COACH]), ..s() }, Refused::TooFewLeaders { leaders: 1 }),
        (
            Session { leaders: BTreeSet::from([COACH, STRANGER]), ..s() },
            Refused::LeaderDoesNotCover { who: STRANGER },
        ),
        (
            Session { leaders: BTreeSet::from([COACH, ELLA]), ..s() },
            Refused::LeaderDoesNotCover { who: ELLA },
        ),
        (Session { standby: None, ..s() }, Refused::NoStandby),
        (Session { standby: Some(SAM), ..s() }, Refused::StandbyLeads),
        (Session { standby: Some(STRANGER), ..s() }, Refused::StandbyDoesNotCover { who: STRANGER }),
        (Session { early_open_minutes: 31, ..s() }, Refused::OpensTooEarly),
        (Session { risk_assessment: None, ..s() }, Refused::NoRiskAssessment),
        (Session { risk_assessment: Some("\n".into()), ..s() }, Refused::NoRiskAssessment),
        (Session { signed_by: None, ..s() }, Refused::NotSigned),
        (Session { signed_by: Some(STRANGER), ..s() }, Refused::SignerDoesNotCover { who: STRANGER }),
        (Session { until: s().from, ..s() }, Refused::EndsBeforeStart { from: s().from }),
        (Session { until: at("2026-03-04T06:01:00Z"), ..s() }, Refused::TooLong { longest: LONGEST_SESSION }),
        (
            Session { from: at("2026-03-02T08:00:00Z"), until: at("2026-03-02T12:00:00Z"), ..s() },
            Refused::IsOver,
        ),
        (
            Session { from: at("2027-06-01T18:00:00Z"), until: at("2027-06-01T20:00:00Z"), ..s() },
            Refused::TooFarAhead,
        ),
        (
            Session { repeats: Some(Box::new(weekly("FREQ=WEEKLY"))), ..s() },
            Refused::Series(series::SeriesRefused::NeverEnds),
        ),
    ];
    for (session, expected) in cases {
        let against = refused(session);
        assert_eq!(against, [expected]);
        // What, and what to do.
        assert!(against[0].to_string().len() > 25, "{}", against[0]);
    }
    assert_eq!(refused(Session::default()).len(), 7, "all of it at once");
}

#[test]
fn a_name_is_free_again_once_nothing_of_it_is_to_come() {
    let booked = agreed(&[Register::SessionBooked(session())]);
    let again = Session { from: at("2026-03-10T18:00:00Z"), until: at("2026-03-10T20:00:00Z"), ..session() };
    let taken = [Refused::NameTaken { name: "art".into() }];
    assert_eq!(book(&booked, again.clone(), &ground_at(now())), Err(taken.to_vec()));
    assert!(book(&booked, again, &ground_at(at("2026-03-03T20:00:00Z"))).is_ok());
}

#[test]
fn a_session_is_opened_extended_moved_cancelled_and_closed_within_its_bounds() {
    let weekly = Session { repeats: Some(Box::new(weekly("FREQ=WEEKLY;COUNT=3"))), ..session() };
    let first = weekly.from;
    let mut agreed = agreed(&[Register::SessionBooked(weekly)]);

    assert_eq!(open(&agreed, "music", COACH, now()), Err(Refused::NoSuchSession { name: "music".into() }));
    let earliest = at("2026-03-03T17:45:00Z");
    assert_eq!(open(&agreed, "art", COACH, now()), Err(Refused::TooEarly { earliest }));
    assert_eq!(close(&agreed, "art", COACH, now()), Err(Refused::NotOpen));
    agreed.apply(&open(&agreed, "art", COACH, earliest).unwrap());
    assert!(agreed.session_in(&[ART], earliest).is_some());
    let until = at("2026-03-03T20:00:00Z");
    assert_eq!(open(&agreed, "art", COACH, earliest), Err(Refused::AlreadyOpen { until }));

    let during = at("2026-03-03T19:00:00Z");
    let extend_to = |text: &str| extend(&agreed, "art", at(text), COACH, during);
    assert_eq!(extend_to("2026-03-03T19:59:00Z"), Err(Refused::NotLater { until }));
    let latest = at("2026-03-03T21:00:00Z");
    assert_eq!(extend_to("2026-03-03T21:01:00Z"), Err(Refused::TooLate { latest }));
    agreed.apply(&extend_to("2026-03-03T20:45:00Z").unwrap());
    let twice = extend(&agreed, "art", at("2026-03-03T21:30:00Z"), COACH, during);
    assert_eq!(twice, Err(Refused::TooLate { latest }), "extensions do not add up beyond the bound");

    assert_eq!(cancel(&agreed, "art", Some(first), COACH, during), Err(Refused::HasBegun));
    assert_eq!(cancel(&agreed, "art", Some(during), COACH, during), Err(Refused::NoSuchOccurrence));
    agreed.apply(&close(&agreed, "art", COACH, during).unwrap());
    assert!(agreed.session_in(&[ART], during).is_none());

    let second = at("2026-03-10T18:00:00Z");
    let to = Window::new(at("2026-03-11T18:00:00Z"), at("2026-03-11T20:00:00Z"));
    agreed.apply(&move_to(&agreed, "art", second, to, COACH, during).unwrap());
    assert!(agreed.session_in(&[ART], at("2026-03-11T19:00:00Z")).is_some());
    let past = Window::new(at("2026-03-01T18:00:00Z"), at("2026-03-01T20:00:00Z"));
    assert_eq!(move_to(&agreed, "art", second, past, COACH, during), Err(Refused::IsOver));

    agreed.apply(&cancel(&agreed, "art", None, COACH, during).unwrap());
    assert_eq!(cancel(&agreed, "art", None, COACH, during), Err(Refused::NothingToCome));
}

#[test]
fn cover_is_relaxed_by_a_lead_who_does_not_lead_it_and_on_record() {
    let led_by_dsl = Session { leaders: BTreeSet::from([COACH, DSL]), ..session() };
    let ground = ground_at(now());
    let booked = agreed(&[Register::SessionBooked(session())]);
    let relax =
        |agreed: &Agreed, by, reference: &str| relax_cover(agreed, "art", None, by, reference, &ground);
    assert_eq!(relax(&booked, KIM, "R-1"), Err(Refused::MayNotRelax), "no lead");
    assert_eq!(relax(&booked, DSL, " "), Err(Refused::NoReference));
    assert!(relax(&booked, DSL, "R-1").is_ok());
    let own = agreed(&[Register::SessionBooked(led_by_dsl)]);
    assert_eq!(relax(&own, DSL, "R-1"), Err(Refused::MayNotRelax), "their own session");
}

fn proposal() -> PlanProposal {
    PlanProposal {
        id: "mentoring-1".into(),
        adult: COACH,
        young_person: ELLA,
        purpose: Purpose::Mentoring,
        reference: None,
        observer: Some(SAM),
        windows: vec![(at("2026-03-03T16:00:00Z"), at("2026-03-03T16:30:00Z"))],
        series: vec![],
        expires: at("2026-06-01T00:00:00Z"),
        proposed_by: COACH,
    }
}

#[test]
fn every_shortcoming_of_a_plan_is_named() {
    let p = proposal;
    let long = (at("2026-03-03T16:00:00Z"), at("2026-03-03T20:01:00Z"));
    let cases: Vec<(PlanProposal, Refused)> = vec![
        (PlanProposal { adult: ELLA, ..p() }, Refused::OnePerson),
        (PlanProposal { adult: STRANGER, ..p() }, Refused::NotAnAdult { who: STRANGER }),
        (PlanProposal { young_person: KIM, ..p() }, Refused::NotProtected { who: KIM }),
        (PlanProposal { observer: Some(COACH), ..p() }, Refused::ObserverTakesPart),
        (PlanProposal { observer: Some(STRANGER), ..p() }, Refused::NotAnAdult { who: STRANGER }),
        (PlanProposal { windows: vec![], ..p() }, Refused::NoWindow),
        (PlanProposal { windows: vec![long], ..p() }, Refused::TooLong { longest: contact::LONGEST_WINDOW }),
        (PlanProposal { expires: at("2026-03-03T15:00:00Z"), ..p() }, Refused::NoWindow),
        (PlanProposal { expires: at("2026-10-01T00:00:00Z"), ..p() }, Refused::LapsesTooLate),
    ];
    for (proposal, expected) in cases {
        let against = propose(&Agreed::default(), proposal, &ground_at(now()));
        assert_eq!(against, Err(vec![expected]));
    }
}

#[test]
fn a_plan_is_approved_by_an_enrolled_adult_who_is_not_the_adult_of_it() {
    let ground = ground_at(now());
    let proposed = propose(&Agreed::default(), proposal(), &ground).unwrap();
    let mut agreed = agreed(&[proposed]);
    let again = propose(&agreed, proposal(), &ground);
    assert_eq!(again, Err(vec![Refused::NameTaken { name: "mentoring-1".into() }]));
    assert_eq!(approve(&agreed, "mentoring-1", COACH, &ground), Err(Refused::ApprovesOwn));
    assert_eq!(approve(&agreed, "mentoring-1", STRANGER, &ground), Err(Refused::MayNotDecide));
    assert_eq!(approve(&agreed, "mentoring-1", ELLA, &ground), Err(Refused::MayNotDecide));
    let lapsed = ground_at(at("2026-06-01T00:00:00Z"));
    assert_eq!(approve(&agreed, "mentoring-1", DSL, &lapsed), Err(Refused::IsOver));
    agreed.apply(&approve(&agreed, "mentoring-1", DSL, &ground).unwrap());
    assert!(agreed.plan_open(COACH, ELLA, at("2026-03-03T16:10:00Z")));
    assert_eq!(decline(&agreed, "mentoring-1", DSL), Err(Refused::NoSuchPlan { name: "mentoring-1".into() }));
    agreed.apply(&end_plan(&agreed, "mentoring-1", DSL).unwrap());
    assert!(!agreed.plan_open(COACH, ELLA, at("2026-03-03T16:10:00Z")));
}

#[test]
fn a_separation_is_neither_ordered_nor_lifted_by_one_of_the_two() {
    let ground = ground_at(now());
    let order = |one, other, by, expires| {
        let between = Pair::of(one, other);
        let reason = SeparationReason::Allegation;
        separate(Separation { between, since: now(), by, reason, expires }, &ground)
    };
    assert_eq!(order(COACH, COACH, DSL, None), Err(Refused::OnePerson));
    assert_eq!(order(COACH, ELLA, COACH, None), Err(Refused::MayNotDecide));
    assert_eq!(order(COACH, ELLA, STRANGER, None), Err(Refused::MayNotDecide));
    assert_eq!(order(COACH, ELLA, DSL, Some(now())), Err(Refused::LapsesWrongly));
    let agreed = agreed(&[order(COACH, ELLA, DSL, None).unwrap()]);
    let pair = Pair::of(COACH, ELLA);
    assert_eq!(lift(&agreed, pair, COACH, now()), Err(Refused::MayNotDecide));
    assert_eq!(lift(&agreed, Pair::of(SAM, ELLA), DSL, now()), Err(Refused::NotSeparated));
    assert!(lift(&agreed, pair, DSL, now()).is_ok());
}

#[test]
fn an_account_is_enrolled_by_somebody_else_and_a_reference_once() {
    let mut enrolments = Enrolments::default();
    let wish = |account, kind, by, reference: &str| Enrolment {
        account,
        kind,
        by,
        since: now(),
        reference: (!reference.is_empty()).then(|| reference.to_owned()),
    };
    let refused = |enrolments: &Enrolments, wish| enrol(enrolments, wish).unwrap_err();
    assert_eq!(refused(&enrolments, wish(SAM, Kind::YouthWorker, SAM, "")), Refused::EnrolsSelf);
    assert_eq!(refused(&enrolments, wish(SAM, Kind::Guest, DSL, "")), Refused::NoKind);
    enrolments.apply(&enrol(&enrolments, wish(SAM, Kind::YouthWorker, DSL, "staff-7")).unwrap());
    let new_account = wish(KIM, Kind::YouthWorker, DSL, "staff-7");
    assert_eq!(refused(&enrolments, new_account.clone()), Refused::ReferenceTaken { account: SAM });
    assert_eq!(unenrol(&enrolments, KIM, DSL, now()), Err(Refused::NotEnrolled));
    enrolments.apply(&unenrol(&enrolments, SAM, DSL, now()).unwrap());
    enrolments.apply(&enrol(&enrolments, new_account).unwrap());
    assert!(enrolments.of(SAM).is_none() && enrolments.of(KIM).is_some());

    let what = Responsibility::ESafetyCoordinator;
    assert_eq!(lay_down(&enrolments, what, SAM, DSL, now()), Err(Refused::ChangesNothing));
    enrolments.apply(&take_on(&enrolments, what, SAM, DSL, now()).unwrap());
    assert_eq!(take_on(&enrolments, what, SAM, DSL, now()), Err(Refused::ChangesNothing));
    assert!(lay_down(&enrolments, what, SAM, DSL, now()).is_ok());
}
