//! The one integration-test binary: stories, contracts and the architecture, a file each.

mod any_text; // whatever somebody types or writes into a list: nothing breaks, places stay inside
mod arrows; // which room may know which
mod audience; // who sees what, against Discord's rules worked out from nothing every time
mod authority; // others outside: a witness, and a time-stamping authority made of openssl
mod calendar; // sessions, against somebody who walks through two years minute by minute
mod chaos; // thousands of cases, failing channels, kills: nothing lost, nobody called who must not be
mod check; // what is wrong with a live server: the real binary, and faults that were planted
mod cli; // the command line's contract as a user meets it: exit status, one line what, one line what to do
mod conduct; // conversations about adult conduct: what each reaches, and by when
mod contact; // the rules of supervised contact, a rehearsal script each
mod contact_properties; // what no order of events may do to the rules of contact
mod conversations; // whole conversations: what each reaches, and when
mod crash; // killed ten times, and nothing that a person would notice is different
mod crash_matrix; // killed hundreds of times at random moments, with torn writes: nothing lost, no fork, no page without evidence
mod evidence_bundles; // written, verified, tampered with, opened
mod evidence_case; // a case with exhibits, as the store would hand it over
mod evidence_commands; // keys new, keys show, evidence verify, evidence open
mod evidence_outsiders; // age, sha256sum, openssl and a verifier in Python come to the same result
mod going_live; // from nothing to a running bot, as the README tells it: the real binary against the platform
mod openapi; // every REST exchange, checked against Discord's own description of its API
mod outbox; // carrying out what was decided: attempts, waits, ends
mod platform; // the rehearsal platform, driven by twilight's socket and serenity's types
mod postgres; // a throw-away PostgreSQL server
mod properties; // what holds for every order of events
mod replay; // exports through the engine: every version is read, nothing makes it panic
mod scan; // texts one by one
mod smtp; // pages to a real mail server, over STARTTLS
mod store; // what is kept, the same on both databases
mod stories; // what people do, and what others then see
mod witness; // `chaperone witness`, the real binary: killed, started again, shown a fork
mod world; // the language of the stories: a club, its bot, its leads, a clock that stands still
