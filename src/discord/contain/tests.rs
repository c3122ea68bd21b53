use serde_json::{Value, json};

use super::*;
use crate::discord::fake::{Fake, empty, ok, refused, status};
use crate::domain::MessageId;

const GUILD: GuildId = GuildId(1);
const SPACE: ChannelId = ChannelId(20);
const ADULT: UserId = UserId(7);

fn job(effect: Effect) -> Job {
    Job {
        key: "lock/C-0001".to_owned(),
        organisation: "club".to_owned(),
        case: None,
        effect,
        not_before: Timestamp(0),
        attempts: 0,
    }
}

fn lock() -> Job {
    job(Effect::Lock { guild: GUILD, space: SPACE, parent: None, adult: ADULT, manages_threads: false })
}

fn hide() -> Job {
    job(Effect::Hide { space: SPACE, message: MessageId(5) })
}

async fn deliver(fake: &Fake, job: &Job) -> Delivered {
    Contain::new(fake.rest()).deliver(job).await
}

fn detail(delivered: &Delivered) -> Value {
    match delivered {
        Delivered::Done { detail: Some(detail) } => serde_json::from_str(detail).unwrap(),
        other => panic!("not done with a detail: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_hidden_once_and_stays_hidden() {
    let fake = Fake::start(|before, _| if before == 0 { empty() } else { refused(404, 10_008) }).await;
    assert_eq!(deliver(&fake, &hide()).await, Delivered::Done { detail: None });
    assert_eq!(detail(&deliver(&fake, &hide()).await), json!({ "already": true }));
    assert_eq!(fake.calls(), ["DELETE /channels/20/messages/5"; 2]);
}

#[tokio::test]
async fn a_404_that_is_not_discords_hides_nothing() {
    let fake = Fake::start(|_, _| status(404)).await;
    assert!(matches!(deliver(&fake, &hide()).await, Delivered::Never { .. }));
}

#[tokio::test]
async fn a_missing_permission_is_said_with_what_to_do() {
    let fake = Fake::start(|_, _| refused(403, 50_013)).await;
    let Delivered::Never { why } = deliver(&fake, &hide()).await else { panic!("tried again") };
    assert!(why.contains("chaperone check"), "{why}");
}

#[tokio::test]
async fn a_fault_or_a_long_wait_is_for_later() {
    let fake =
        Fake::start(|before, _| if before == 0 { status(503) } else { status(429).with("retry-after", &90) })
            .await;
    assert!(matches!(deliver(&fake, &hide()).await, Delivered::Later { after: None, .. }));
    let Delivered::Later { after, .. } = deliver(&fake, &hide()).await else { panic!() };
    assert_eq!(after, Some(Duration::from_secs(90)));
}

/// A channel that remembers its overwrites, as the platform does.
async fn channel(overwrites: Value) -> Fake {
    let state = std::sync::Mutex::new(overwrites);
    Fake::start(move |_, seen| {
        let mut state = state.lock().unwrap();
        if seen.call == "GET /channels/20" {
            return ok(&json!({ "id": "20", "type": 0, "permission_overwrites": *state }));
        }
        assert_eq!(seen.call, "PUT /channels/20/permissions/7");
        let mut put = seen.body.clone();
        put["id"] = json!("7");
        let list = state.as_array_mut().unwrap();
        list.retain(|overwrite| overwrite["id"] != "7");
        list.push(put);
        empty()
    })
    .await
}

#[tokio::test]
async fn a_lock_takes_the_voice_and_nothing_else() {
    // VIEW_CHANNEL given, SEND_MESSAGES given, bits 51 and 52 that this version does not know given and taken.
    let before = json!({
        "id": "7", "type": 1,
        "allow": (1u64 << 10 | 1 << 11 | 1 << 51).to_string(), "deny": (1u64 << 52).to_string(),
    });
    let everyone = json!({ "id": "1", "type": 0, "allow": "0", "deny": "1024" });
    let fake = channel(json!([everyone, before])).await;
    let done = deliver(&fake, &lock()).await;
    assert_eq!(
        fake.seen()[1].body,
        json!({
            "type": 1,
            "allow": (1u64 << 10 | 1 << 51).to_string(),
            "deny": (1u64 << 52 | Permissions::LOCK.0).to_string(),
        })
    );
    // What stood there comes back bit by bit, so that exactly it can be restored.
    let kept: Option<Overwrite> = serde_json::from_value(detail(&done)["before"].clone()).unwrap();
    assert_eq!(
        kept,
        Some(Overwrite {
            target: OverwriteFor::Member(ADULT),
            allow: Permissions(1 << 10 | 1 << 11 | 1 << 51),
            deny: Permissions(1 << 52),
        })
    );
}

#[tokio::test]
async fn a_second_lock_does_not_take_the_first_for_what_stood_before() {
    let fake = channel(json!([])).await;
    assert_eq!(detail(&deliver(&fake, &lock()).await), json!({ "before": null }));
    assert_eq!(detail(&deliver(&fake, &lock()).await), json!({ "already": true }));
    assert_eq!(fake.calls().iter().filter(|call| call.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn what_stood_before_survives_a_crash_between_locking_and_recording() {
    let before = Overwrite {
        target: OverwriteFor::Member(ADULT),
        allow: Permissions(1 << 51),
        deny: Permissions(1 << 52),
    };
    for before in [None, Some(before)] {
        let own = lock_reason("lock/C-0001", before);
        assert!(own.is_ascii() && own.len() <= 512 && !own.contains("C-0001"), "{own}");
        let fake = Fake::start(move |_, seen| match seen.call.as_str() {
            "GET /channels/20" => {
                let locked = json!({ "id": "7", "type": 1, "allow": "0", "deny": Permissions::LOCK });
                ok(&json!({ "id": "20", "type": 0, "permission_overwrites": [locked] }))
            }
            "GET /guilds/1/audit-logs?action_type=14&limit=100" => {
                let other = json!({ "id": "2", "reason": lock_reason("another job", None) });
                ok(&json!({ "audit_log_entries": [other, { "id": "1" }, { "id": "0", "reason": own }] }))
            }
            _ => ok(&json!({ "audit_log_entries": [] })),
        })
        .await;
        let again = Job { attempts: 1, ..lock() };
        assert_eq!(detail(&deliver(&fake, &again).await), json!({ "before": before }));
        assert!(fake.calls().iter().all(|call| call.starts_with("GET")));
    }
}

#[tokio::test]
async fn a_half_lock_is_made_whole() {
    let half = json!({ "id": "7", "type": "member", "allow": 0, "deny": Permissions::SEND_MESSAGES.0 });
    let fake = channel(json!([half])).await;
    assert!(detail(&deliver(&fake, &lock()).await)["before"].is_object());
    assert_eq!(fake.seen()[1].body["deny"], json!(Permissions::LOCK.0.to_string()));
}

/// A private thread in a channel, as the platform keeps them: who is in the thread, and the channel's overwrites.
async fn thread(kind: u8, inside: bool, overwrites: Value) -> Fake {
    let state = std::sync::Mutex::new((inside, overwrites));
    Fake::start(move |_, seen| {
        let mut state = state.lock().unwrap();
        match seen.call.as_str() {
            "GET /channels/20" => ok(&json!({
                "id": "20", "type": kind, "parent_id": "2", "thread_metadata": { "locked": false, "archived": false },
            })),
            "GET /channels/20/thread-members/7" if state.0 => ok(&json!({ "id": "20", "user_id": "7" })),
            "GET /channels/20/thread-members/7" => refused(404, 10_007),
            "DELETE /channels/20/thread-members/7" => {
                state.0 = false;
                empty()
            }
            "PUT /channels/20/thread-members/7" => {
                state.0 = true;
                empty()
            }
            "GET /channels/2" => ok(&json!({ "id": "2", "type": 0, "permission_overwrites": state.1 })),
            "PUT /channels/2/permissions/7" => {
                let mut put = seen.body.clone();
                put["id"] = json!("7");
                state.1 = json!([put]);
                empty()
            }
            "DELETE /channels/2/permissions/7" => {
                state.1 = json!([]);
                empty()
            }
            other if other.starts_with("GET /guilds/1/audit-logs") => ok(&json!({ "audit_log_entries": [] })),
            other => panic!("{other}"),
        }
    })
    .await
}

fn thread_lock(manages_threads: bool) -> Job {
    let parent = Some(ChannelId(2));
    job(Effect::Lock { guild: GUILD, space: SPACE, parent, adult: ADULT, manages_threads })
}

fn thread_unlock(before: Option<Overwrite>, channel: Option<ChannelId>, taken_out: bool) -> Job {
    let (guild, space, adult, exact) = (GUILD, SPACE, ADULT, true);
    job(Effect::Unlock { guild, space, adult, before, exact, channel, taken_out })
}

const PRIVATE: u8 = 12;
const PUBLIC: u8 = 11;

#[tokio::test]
async fn an_adult_is_taken_out_of_a_private_thread_and_nobody_else_loses_a_word() {
    let fake = thread(PRIVATE, true, json!([])).await;
    assert_eq!(detail(&deliver(&fake, &thread_lock(false)).await), json!({ "taken_out": true }));
    assert_eq!(detail(&deliver(&fake, &thread_lock(false)).await), json!({ "already": true }));
    // A crash between doing and recording: the second attempt knows that they have to be brought back one day.
    let again = Job { attempts: 1, ..thread_lock(false) };
    assert_eq!(detail(&deliver(&fake, &again).await), json!({ "taken_out": true }));
    assert!(fake.calls().iter().all(|call| !call.starts_with("PATCH")), "the thread itself is as it was");
    deliver(&fake, &thread_unlock(None, None, true)).await;
    assert_eq!(fake.calls().last().unwrap(), "PUT /channels/20/thread-members/7");
    assert_eq!(detail(&deliver(&fake, &thread_unlock(None, None, true)).await), json!({ "already": true }));
}

#[tokio::test]
async fn where_taking_out_takes_no_voice_the_channel_does_and_gets_back_every_bit() {
    let before = Overwrite {
        target: OverwriteFor::Member(ADULT),
        allow: Permissions(1 << 10 | 1 << 38 | 1 << 51),
        deny: Permissions(1 << 52),
    };
    let wire = json!([{ "id": "7", "type": 1, "allow": before.allow, "deny": before.deny }]);
    for (kind, inside, manages) in [(PRIVATE, true, true), (PRIVATE, false, true), (PUBLIC, false, false)] {
        let fake = thread(kind, inside, wire.clone()).await;
        let how = detail(&deliver(&fake, &thread_lock(manages)).await);
        assert_eq!(how["taken_out"] == json!(true), inside && kind == PRIVATE);
        assert_eq!(how["channel"], json!("2"));
        let put = fake.seen().into_iter().find(|seen| seen.call.starts_with("PUT")).unwrap();
        assert_eq!(
            put.body,
            json!({
                "type": 1,
                "allow": Permissions(1 << 10 | 1 << 51),
                "deny": Permissions(1 << 52).with(Permissions::SEND_MESSAGES_IN_THREADS),
            })
        );
        let kept: Option<Overwrite> = serde_json::from_value(how["before"].clone()).unwrap();
        assert_eq!(kept, Some(before));
        let back = thread_unlock(kept, Some(ChannelId(2)), inside);
        deliver(&fake, &back).await;
        let put: Vec<_> = fake.seen().into_iter().filter(|seen| seen.call.contains("permissions")).collect();
        assert_eq!(put[1].body, json!({ "type": 1, "allow": before.allow, "deny": before.deny }));
        assert_eq!(detail(&deliver(&fake, &back).await), json!({ "already": true }));
    }
}

#[tokio::test]
async fn a_space_that_is_gone_needs_no_lock() {
    let fake = Fake::start(|_, _| refused(404, 10_003)).await;
    assert!(matches!(deliver(&fake, &lock()).await, Delivered::Withheld { .. }));
}

fn disconnect() -> Job {
    job(Effect::Disconnect { guild: GUILD, room: ChannelId(30), adult: ADULT })
}

#[tokio::test]
async fn an_adult_is_disconnected_from_that_room_only() {
    let place = |room: &str| ok(&json!({ "user_id": "7", "channel_id": room }));
    let fake =
        Fake::start(move |_, seen| if seen.call.starts_with("GET") { place("30") } else { ok(&json!({})) })
            .await;
    assert_eq!(deliver(&fake, &disconnect()).await, Delivered::Done { detail: None });
    assert_eq!(fake.calls(), ["GET /guilds/1/voice-states/7", "PATCH /guilds/1/members/7"]);
    assert_eq!(fake.seen()[1].body, json!({ "channel_id": null }));

    let elsewhere = Fake::start(move |_, _| place("31")).await;
    assert!(matches!(deliver(&elsewhere, &disconnect()).await, Delivered::Withheld { .. }));
    assert_eq!(elsewhere.calls().len(), 1);

    let nowhere = Fake::start(|_, _| refused(404, 10_065)).await;
    assert_eq!(detail(&deliver(&nowhere, &disconnect()).await), json!({ "already": true }));
}

fn nudge() -> Job {
    job(Effect::Nudge { to: UserId(9), about: Nudge::SpaceClosed, space: Some(SPACE) })
}

#[tokio::test]
async fn a_nudge_is_private_and_mentions_nobody() {
    let fake = Fake::start(|_, seen| match seen.call.as_str() {
        "POST /users/@me/channels" => ok(&json!({ "id": "77" })),
        _ => ok(&json!({ "id": "500" })),
    })
    .await;
    assert_eq!(detail(&deliver(&fake, &nudge()).await), json!({ "message": "500" }));
    assert_eq!(fake.calls(), ["POST /users/@me/channels", "POST /channels/77/messages"]);
    assert_eq!(fake.seen()[0].body, json!({ "recipient_id": "9" }));
    let body = &fake.seen()[1].body;
    assert_eq!(body["content"], json!(wording::nudge(Nudge::SpaceClosed)));
    assert_eq!(body["allowed_mentions"]["parse"], json!([]));
    assert_eq!(body["enforce_nonce"], json!(true));
}

#[tokio::test]
async fn a_nudge_that_a_crash_repeats_is_not_seen_twice() {
    let id = (u64::try_from(crate::discord::fake::noon().as_millis()).unwrap() - 1_420_070_400_000) << 22;
    let fake = Fake::start(move |_, seen| {
        if seen.call.starts_with("POST /users") {
            return ok(&json!({ "id": "77" }));
        }
        assert_eq!(seen.call, "GET /channels/77/messages?limit=50");
        let text = wording::nudge(Nudge::SpaceClosed);
        let author = json!({ "id": "1", "username": "chaperone", "bot": true });
        ok(&json!([{ "id": id.to_string(), "channel_id": "77", "content": text, "author": author }]))
    })
    .await;
    let again = Job { attempts: 1, ..nudge() };
    assert_eq!(detail(&deliver(&fake, &again).await)["already"], json!(true));
}

#[tokio::test]
async fn somebody_who_takes_no_direct_messages_is_not_asked_again() {
    let fake = Fake::start(|_, seen| {
        if seen.call.starts_with("POST /users") { ok(&json!({ "id": "77" })) } else { refused(403, 50_007) }
    })
    .await;
    let Delivered::Never { why } = deliver(&fake, &nudge()).await else { panic!("tried again") };
    assert!(why.contains("do not accept"), "{why}");
}

fn unlock(before: Option<Overwrite>, exact: bool) -> Job {
    job(Effect::Unlock {
        guild: GUILD,
        space: SPACE,
        adult: ADULT,
        before,
        exact,
        channel: None,
        taken_out: false,
    })
}

#[tokio::test]
async fn an_unlock_restores_every_bit_that_stood_there_before() {
    let before = Overwrite {
        target: OverwriteFor::Member(ADULT),
        allow: Permissions(1 << 10 | 1 << 51),
        deny: Permissions(1 << 52 | 1 << 11),
    };
    let wire = |o: Overwrite| json!({ "id": "7", "type": 1, "allow": o.allow, "deny": o.deny });
    let fake = channel(json!([wire(before)])).await;
    let locked = deliver(&fake, &lock()).await;
    let kept: Option<Overwrite> = serde_json::from_value(detail(&locked)["before"].clone()).unwrap();
    assert!(matches!(deliver(&fake, &unlock(kept, true)).await, Delivered::Done { detail: None }));
    assert_eq!(
        fake.seen().last().unwrap().body,
        json!({ "type": 1, "allow": before.allow, "deny": before.deny })
    );
    assert_eq!(detail(&deliver(&fake, &unlock(kept, true)).await), json!({ "already": true }));
}

#[tokio::test]
async fn without_a_record_of_before_only_the_bits_of_a_lock_are_given_back() {
    let stands = Overwrite {
        target: OverwriteFor::Member(ADULT),
        allow: Permissions(1 << 51),
        deny: Permissions(1 << 52).with(Permissions::LOCK),
    };
    let fake = channel(json!([{ "id": "7", "type": 1, "allow": stands.allow, "deny": stands.deny }])).await;
    deliver(&fake, &unlock(None, false)).await;
    assert_eq!(
        fake.seen().last().unwrap().body,
        json!({ "type": 1, "allow": Permissions(1 << 51), "deny": Permissions(1 << 52) })
    );

    // There was none before, and that is known: the overwrite goes.
    let locked = json!({ "id": "7", "type": 1, "allow": "0", "deny": Permissions::LOCK });
    let fake = Fake::start(move |_, seen| {
        if seen.call.starts_with("GET") {
            ok(&json!({ "id": "20", "type": 0, "permission_overwrites": [locked] }))
        } else {
            empty()
        }
    })
    .await;
    deliver(&fake, &unlock(None, true)).await;
    assert_eq!(fake.calls(), ["GET /channels/20", "DELETE /channels/20/permissions/7"]);
}

#[tokio::test]
async fn a_voice_room_that_is_locked_cannot_be_joined() {
    let fake = Fake::start(|_, seen| {
        if seen.call.starts_with("GET") {
            ok(&json!({ "id": "20", "type": 2, "permission_overwrites": [] }))
        } else {
            empty()
        }
    })
    .await;
    deliver(&fake, &lock()).await;
    let taken = Permissions::LOCK.with(Permissions::CONNECT);
    assert_eq!(fake.seen()[1].body["deny"], json!(taken));
}

#[tokio::test]
async fn a_dm_pause_sends_both_keys_and_leaves_an_invite_pause_as_it_is() {
    let later = |hours: u64| crate::discord::fake::noon().plus(Duration::from_hours(hours));
    let pause = |until| job(Effect::PauseDms { guild: GUILD, until });
    let server = |invites: Option<Timestamp>, dms: Option<Timestamp>| {
        Fake::start(move |_, seen| match seen.call.as_str() {
            "GET /guilds/1" => ok(&json!({ "id": "1", "incidents_data": {
                "invites_disabled_until": invites, "dms_disabled_until": dms,
            }})),
            "PUT /guilds/1/incident-actions" => ok(&json!({})),
            other => panic!("{other}"),
        })
    };
    let fake = server(Some(later(3)), None).await;
    deliver(&fake, &pause(Some(later(24)))).await;
    let body = json!({ "invites_disabled_until": later(3), "dms_disabled_until": later(24) });
    assert_eq!(fake.seen()[1].body, body);

    // It is lifted, and the invite pause still stands.
    let fake = server(Some(later(3)), Some(later(20))).await;
    deliver(&fake, &pause(None)).await;
    assert_eq!(
        fake.seen()[1].body,
        json!({ "invites_disabled_until": later(3), "dms_disabled_until": null })
    );

    // Nothing was ever paused: both keys all the same. What reaches as far is left alone.
    let fake = Fake::start(|_, _| ok(&json!({ "id": "1", "incidents_data": null }))).await;
    deliver(&fake, &pause(Some(later(24)))).await;
    assert_eq!(
        fake.seen()[1].body,
        json!({ "invites_disabled_until": null, "dms_disabled_until": later(24) })
    );
    let fake = server(None, Some(later(24))).await;
    assert_eq!(detail(&deliver(&fake, &pause(Some(later(23)))).await), json!({ "already": true }));
    assert!(matches!(deliver(&fake, &pause(Some(later(0)))).await, Delivered::Withheld { .. }));
    assert_eq!(fake.calls(), ["GET /guilds/1"]);
}

#[tokio::test]
async fn a_room_is_made_once_and_nobody_else_sees_it() {
    let made = std::sync::Mutex::new(None::<Value>);
    let fake = Fake::start(move |_, seen| {
        let mut made = made.lock().unwrap();
        if seen.call.starts_with("POST") {
            let mut channel = seen.body.clone();
            channel["id"] = json!("300");
            *made = Some(channel.clone());
            return ok(&channel);
        }
        ok(&json!(made.iter().collect::<Vec<_>>()))
    })
    .await;
    let room = job(Effect::OpenRoom {
        guild: GUILD,
        plan: "mentoring".into(),
        people: [ADULT, UserId(9)].into(),
        roles: [crate::domain::RoleId(4)].into(),
        own: UserId(50),
    });
    assert_eq!(detail(&deliver(&fake, &room).await), json!({ "room": "300" }));
    let body = &fake.seen()[1].body;
    assert!(!body.to_string().contains("mentoring"), "{body}");
    let overwrites = body["permission_overwrites"].as_array().unwrap();
    assert_eq!(
        overwrites[0],
        json!({ "id": "1", "type": 0, "allow": "0", "deny": Permissions::VIEW_CHANNEL })
    );
    let seen_by: Vec<&str> = overwrites[1..].iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert_eq!(seen_by, ["7", "9", "50", "4"]);
    assert_eq!(detail(&deliver(&fake, &room).await), json!({ "already": true, "room": "300" }));
}
