//! Addresses, templates, what waits, and a poster with a real server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;
use crate::alert::Notification;

#[test]
fn an_address_is_shown_without_its_secrets() {
    for (url, shown) in [
        ("https://hooks.example.net/services/T0/B0/secret", "https://hooks.example.net"),
        ("http://user:secret@127.0.0.1:9093/api/v2/alerts", "http://127.0.0.1:9093"),
        (" HTTPS://[2001:db8::1]:8443?token=secret#secret ", "https://[2001:db8::1]:8443"),
        ("http://a@b@host", "http://host"),
    ] {
        let address = Address::parse(url).unwrap();
        assert_eq!((address.shown(), format!("{address:?}")), (shown.to_owned(), shown.to_owned()));
    }
    let with_user = Address::parse("http://us%65r:p%40ss@host/x?y=1").unwrap();
    assert_eq!(with_user.authorization.as_deref(), Some("Basic dXNlcjpwQHNz"));
    assert_eq!(with_user.uri.to_string(), "http://host/x?y=1");
    for url in [
        "",
        "hooks.example.net",
        "ftp://host/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "https://a b/",
    ] {
        assert_eq!(Address::parse(url), None, "{url}");
    }
}

#[test]
fn every_template_that_is_built_in_makes_json_of_whatever_there_is() {
    for name in Template::names() {
        let template = Template::named(name).unwrap();
        for sample in Notification::samples() {
            let post = template.render(&sample).unwrap();
            let made: serde_json::Value = serde_json::from_str(&post.body).unwrap();
            assert!(!post.body.contains('\n'), "{name}");
            assert_eq!((post.id, &*post.media), (sample.id.clone(), "application/json"));
            let text = match name {
                "slack" => made["text"].as_str().unwrap().to_owned(),
                "alertmanager" => made[0]["annotations"]["summary"].as_str().unwrap().to_owned(),
                "teams" => {
                    let body = &made["attachments"][0]["content"]["body"];
                    body[0]["inlines"][0]["text"].as_str().unwrap().to_owned()
                }
                _ => made["title"].as_str().unwrap().to_owned(),
            };
            let title = match name {
                "slack" => {
                    sample.title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
                }
                _ => sample.title.clone(),
            };
            assert_eq!(text.lines().next(), Some(&*title), "{name}");
            assert!(name != "slack" || !text.contains("<!"), "{text}");
        }
    }
}

#[test]
fn an_alert_is_the_same_from_its_outage_to_its_end() {
    let template = Template::named("alertmanager").unwrap();
    let alert = |sample: &Notification| -> serde_json::Value {
        serde_json::from_str(&template.render(sample).unwrap().body).unwrap()
    };
    let samples = Notification::samples();
    let first = alert(&samples[0]);
    for sample in &samples[..4] {
        let own = alert(sample);
        assert_eq!(own[0]["labels"], first[0]["labels"]);
        assert_eq!(own[0]["startsAt"], "2025-11-18T21:06:03Z");
        assert_eq!(own[0]["endsAt"], "2025-11-18T21:06:03Z");
    }
    assert_eq!(first[0]["labels"]["alertname"], "RegscopeOutage");
    assert_eq!(alert(&samples[4])[0]["labels"]["alertname"], "RegscopeFinding");
}

#[test]
fn what_is_wrong_with_a_template_is_a_sentence() {
    let wrong = |text: &str| Template::parse(text.to_owned()).unwrap_err().to_string();
    for (text, words) in [
        ("{", "it makes no JSON: "),
        ("", "it makes no JSON: "),
        // the quotation marks are the value's own
        ("{\"text\": \"{{ title }}\"}", "it makes no JSON: "),
        ("{\"text\": {{ titel }}}", "undefined"),
        ("{\"text\": {{ title | nosuch }}}", "unknown filter"),
        ("{\n{% if %}", "line 2: syntax error"),
        (
            "{% for a in range(100000) %}{% for b in range(100000) %}1{% endfor %}{% endfor %}",
            "fuel",
        ),
        ("[{% for a in range(9000) %}\"0123456789\",{% endfor %}0]", "longer than 56 KiB"),
        ("{% include \"/etc/passwd\" %}", ""),
    ] {
        let said = wrong(text);
        assert!(said.contains(words) && !said.contains('\n'), "{text}: {said}");
    }
    let own =
        Template::parse("{\"text\": {{ title ~ \"!\" }}, \"n\": {{ dns | length }}}".to_owned());
    let post = own.unwrap().render(&Notification::samples()[0]).unwrap();
    assert!(post.body.contains("\"n\":1") && post.body.contains('!'), "{}", post.body);
}

fn post(id: usize, length: usize) -> Post {
    Post { id: id.to_string(), media: "application/json".to_owned(), body: "x".repeat(length) }
}

#[test]
fn the_oldest_posts_give_way_but_not_the_one_under_way() {
    let mut outbox = Outbox::new(OutboxLimits { posts: 3, bytes: 100 });
    let ids = |outbox: &Outbox| outbox.waiting().map(|post| post.id.clone()).collect::<String>();
    (0..5).for_each(|id| outbox.add(post(id, 1)));
    assert_eq!((ids(&outbox).as_str(), outbox.dropped()), ("234", 2));
    assert_eq!(outbox.give().unwrap().id, "2");
    assert_eq!(outbox.give(), None);
    outbox.add(post(5, 1));
    assert_eq!((ids(&outbox).as_str(), outbox.dropped()), ("245", 3));
    outbox.add(post(6, 99));
    assert_eq!((ids(&outbox).as_str(), outbox.dropped()), ("26", 5));
    outbox.done();
    outbox.done();
    assert_eq!(ids(&outbox), "6");
    outbox.add(post(7, 200));
    assert_eq!(ids(&outbox), "");
}

/// A server that answers requests with these texts, one after the other, and hands on what it was sent.
fn server(answers: &'static [&'static str]) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let (head, body) = request(&stream);
            sender.send((head, body)).unwrap();
            let mut stream = stream;
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (format!("http://us:pw@{address}/hook"), receiver)
}

fn request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// What the poster reports, without the beginnings of attempts.
fn said_of(url: &str, posts: &[Post]) -> Vec<String> {
    let limits = PosterLimits {
        longest: Duration::from_millis(500),
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(20),
    };
    let lines: Vec<_> = posts.iter().map(|post| serde_json::to_string(post).unwrap()).collect();
    let mut said = Vec::new();
    let address = Address::parse(url).unwrap();
    run(&address, &limits, (lines.join("\n") + "\n").as_bytes(), &mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    let mut said = said.lines().filter(|line| *line != "begun").map(str::to_owned);
    assert_eq!(said.next().as_deref(), Some("ready"));
    said.collect()
}

#[test]
fn a_post_is_tried_again_until_the_server_has_it_or_refuses_it() {
    let (url, seen) = server(&[
        "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n",
        "no HTTP at all\r\n\r\n",
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ]);
    let posts = [post(1, 5), post(2, 6), post(3, 7), post(4, 8)];
    let said = said_of(&url, &posts);
    assert_eq!(said[0], "again the server answers with status 503");
    assert!(said[1].starts_with("again ") && said[2].starts_with("again "), "{said:?}");
    assert_eq!(said[3], "ok");
    assert!(said[4].starts_with("refused the server redirects (status 302)"), "{said:?}");
    assert_eq!(said[5..], ["refused the server refuses it with status 404", "ok"]);
    let seen: Vec<_> = seen.iter().collect();
    let lengths: Vec<_> = seen.iter().map(|(_, body)| body.len()).collect();
    assert_eq!(lengths, [5, 5, 5, 5, 6, 7, 8]);
    let head = seen[0].0.to_ascii_lowercase();
    for line in
        ["post /hook http/1.1", "content-type: application/json", "authorization: basic dxm6chc="]
    {
        assert!(head.contains(line), "{head}");
    }
    // no secret is in what is said
    assert!(!said.concat().contains("pw") && !said.concat().contains("hook"), "{said:?}");
}

/// A place to write to that closes after some lines, which are written a line at a time.
struct Closing(usize);

impl std::io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.0.checked_sub(usize::from(bytes.ends_with(b"\n")));
        self.0 = left.ok_or(std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_poster_whose_watcher_is_gone_delivers_nothing_more() {
    let (url, seen) = server(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"; 2]);
    let lines = [post(1, 1), post(2, 2)].map(|post| serde_json::to_string(&post).unwrap() + "\n");
    // ready, begun, ok
    let address = Address::parse(&url).unwrap();
    let error =
        run(&address, &PosterLimits::default(), lines.concat().as_bytes(), Closing(3)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    assert_eq!(seen.recv().unwrap().1, "x");
    assert!(seen.recv_timeout(Duration::from_millis(200)).is_err());
}
