use super::*;
use crate::text::Lists;

fn codes(text: &str, speaker: Speaker) -> Vec<Code> {
    let reading = Lists::shared().reading(text);
    let mut codes: Vec<Code> =
        judge(&reading, [].into_iter(), speaker).into_iter().map(|(code, _)| code).collect();
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn a_young_person_gives_something_of_their_own_away() {
    for (text, code) in [
        ("my number is 07700 900123", Code::PhoneShared),
        ("07700900123 x", Code::PhoneShared),
        ("oh seven seven double oh nine double oh one two three", Code::PhoneShared),
        ("email me ella.b@gmail.com", Code::EmailShared),
        ("i live at 12 oak road", Code::AddressShared),
        ("12 oak road, e17 4qp", Code::AddressShared),
        ("my postcode is E17 4QP", Code::AddressShared),
        ("i go to hillside academy", Code::SchoolShared),
        ("my snap is ellieb_09", Code::HandleShared),
        ("add me https://www.snapchat.com/add/ellieb", Code::HandleShared),
        ("use my card 4111 1111 1111 1111", Code::BankDetailsShared),
        ("my password is banana", Code::PasswordShared),
        ("everyone call her 07700 900123 lol", Code::DetailsOfAnother),
        ("his address is 12 oak road, pass it on", Code::DetailsOfAnother),
    ] {
        assert_eq!(codes(text, Speaker::Young), [code], "{text:?}");
    }
}

#[test]
fn ordinary_talk_of_a_club_is_quiet() {
    for text in [
        "the session starts at 18:30 on 02/03/2026 in room 12",
        "we won 3-2 and lost 0-7",
        "sign up at https://club.example.org/forms",
        "email hello@club.example.org with questions",
        "call childline on 0800 1111",
        "the office is 0300 123 4567",
        "never give out your number, like 07700 900123",
        "my school is so boring",
        "they go to hillside academy i think",
        "the match is at oakwood high school",
        "got this text, is it real? https://royalmail-redelivery.com",
        "https://www.youtube.com/watch?v=abc",
        "https://discord.com/channels/1/2/3",
        "the wifi password is not working",
        "meet at 12 station road",
        "version 2.07.11 is out",
        "my high score is 07700900",
        "robux cost 4.99 for 400",
    ] {
        assert_eq!(codes(text, Speaker::Young), [], "{text:?}");
    }
    for text in [
        "ring the club mobile 07700 900123 if you are late",
        "join our server discord.gg/abc",
        "subs to sort code 12-34-56 account 12345678",
        "we are at 12 oak road, E17 4QP",
        "the wifi password is Club2026!",
        "the game we made: https://club.example.org/game.jar",
    ] {
        assert_eq!(codes(text, Speaker::Enrolled), [], "{text:?}");
    }
}

#[test]
fn what_is_brought_in() {
    for (text, code) in [
        ("https://dlscord-gift.com/nitro", Code::ScamLink),
        ("https://grabify.link/abc", Code::ScamLink),
        ("join discord.gg/abc", Code::UnsolicitedInvite),
        ("https://files.example.org/aimbot.exe", Code::RiskyFile),
        ("https://files.example.org/photo.jpg.exe", Code::DisguisedFile),
        ("https://thepiratebay10.org/x", Code::Piracy),
    ] {
        assert_eq!(codes(text, Speaker::Young), [code], "{text:?}");
    }
    let reading = Lists::shared().reading("look");
    let found = judge(&reading, ["homework.pdf.exe", "cheat.bat", "cat.png"].into_iter(), Speaker::Young);
    assert_eq!(found, [(Code::DisguisedFile, None), (Code::RiskyFile, None)]);
}
