//! The mailbox takes what a real mail client sends, and keeps it over a restart.

use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::*;

async fn send(mailbox: &Mailbox, text: &str) {
    let message = Message::builder()
        .from("Chaperone <bot@club.example>".parse().unwrap())
        .to("ruth@club.example".parse().unwrap())
        .subject("Case C-0001 – serious")
        .body(text.to_owned())
        .unwrap();
    let transport: AsyncSmtpTransport<Tokio1Executor> =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(mailbox.address().port())
            .build();
    transport.send(message).await.unwrap();
}

#[tokio::test]
async fn a_mail_is_kept_with_its_envelope_and_text_and_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mail.jsonl");
    let clock = Clock::manual(Timestamp::from_seconds(1_000));
    let mailbox = Mailbox::open(clock.clone(), Some(&file)).await.unwrap();
    let mut arrivals = mailbox.arrivals();
    send(&mailbox, "Level 4.\n.\nA line with one dot – kept.\n").await;
    assert_eq!(*arrivals.wait_for(|count| *count == 1).await.unwrap(), 1);
    let kept = mailbox.mails();
    assert_eq!(kept[0].from, "bot@club.example");
    assert_eq!(kept[0].to, ["ruth@club.example"]);
    assert_eq!(kept[0].subject, "Case C-0001 – serious");
    assert_eq!(kept[0].text.replace("\r\n", "\n"), "Level 4.\n.\nA line with one dot – kept.");
    assert_eq!(kept[0].at, Timestamp::from_seconds(1_000));
    drop(mailbox);
    // A mail whose line was torn by a crash was never accepted.
    let mut torn = OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(b"{\"at\":").unwrap();
    let again = Mailbox::open(clock, Some(&file)).await.unwrap();
    assert_eq!(again.mails(), kept);
    send(&again, "second").await;
    assert_eq!(again.mails().len(), 2);
}

#[tokio::test]
async fn commands_out_of_order_and_endless_lines_are_refused() {
    let shelf = Shelf {
        mails: Mutex::default(),
        arrived: watch::Sender::new(0),
        file: None,
        clock: Clock::manual(Timestamp(0)),
    };
    let mut said = Vec::new();
    let commands: &[u8] = b"DATA\r\nRCPT TO:<a@b>\r\nSTARTTLS\r\nQUIT\r\n";
    converse(BufReader::new(commands), &mut said, &shelf).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "503", "503", "502", "221"]);
    let endless = vec![b'x'; 100_000];
    let mut said = Vec::new();
    assert!(converse(BufReader::new(&endless[..]), &mut said, &shelf).await.is_err());
    assert!(shelf.mails.lock().unwrap().is_empty());
}
