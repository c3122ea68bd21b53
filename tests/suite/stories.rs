//! Stories: what people do in the club, and what others then see. Each ends by asserting silence (see `world`).

mod buffer; // what was there before anything was noticed: sealed for a week, read by leads only
mod calls; // how calls travel and come back: links, fallbacks, drills, the rota, providers
mod commands; // what workers and leads do with commands: by code, on record, answered to them alone
mod faults; // what the platform does wrong, and what nobody notices of it
mod full_disk; // evidence that cannot be kept
mod kept; // what is kept as evidence, and what never is
mod paging; // who is called, when, by what, and who stops it
mod reports; // what people tell safeguarding, on every way that there is
mod restarts; // down, killed, cut off: nothing is lost and nothing is done twice
mod supervised_contact; // an adult alone with a young person, and what is done about it
mod whole_evening; // every call of a long evening, against Discord's own description of its API
mod words; // what people write to each other
