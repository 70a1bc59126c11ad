//! What upstreams are told, byte by byte, and what comes through them.

use super::*;

const CONNECT: &[u8] = b"CONNECT target.example:443 HTTP/1.1\r\nHost: target.example:443\r\n\r\n";
const TARGET: &str = "target.example:443";

#[tokio::test(start_paused = true)]
async fn what_follows_an_answer_is_the_targets_however_it_comes() {
    let ends: [fn(&[u8]) -> Step; 2] = [say, |bytes| Step::Stammer(bytes.to_vec())];
    for send in ends {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200\r\nVia: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 x\r\nContent-Length: 5\r\n\r\n",
        ] {
            let bytes = format!("{answer}\x05\x01SSH-2.0\r\n\r\n");
            let at = scripted(vec![hear(CONNECT), send(bytes.as_bytes())]).await;
            let dialled = Desk::new().dial(&upstream("http", at, None), TARGET).await.unwrap();
            assert_eq!(rest(dialled).await, b"\x05\x01SSH-2.0\r\n\r\n", "{answer}");
        }
        for answer in [
            &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80][..],
            &[5, 0, 0, 3, 2, b'x', b'y', 0, 80],
            &[5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80],
        ] {
            let request = [&[5, 1, 0, 3, 14], &b"target.example"[..], &[1, 187]].concat();
            let steps = vec![hear(&[5, 1, 0]), send(&[5, 0]), hear(&request), send(&[answer, b"220 hello"].concat())];
            let dialled = Desk::new().dial(&upstream("socks5", scripted(steps).await, None), TARGET).await.unwrap();
            assert_eq!(rest(dialled).await, b"220 hello", "{answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_is_told_place_and_session_and_nothing_of_the_customer() {
    let template = "acme-cc-{cc}-city-{city}[-session-{session}-time-{life}]";
    let place = ExitPlace::parse("US/Texas/Austin").unwrap();
    let number = 77;
    let name = format!("{:016x}", turnpike_domain::exit::stirred(number));
    for (life, due) in [
        (None, "acme-cc-us-city-Austin".to_owned()),
        (Some(Span::from_secs(1_800)), format!("acme-cc-us-city-Austin-session-{name}-time-30")),
        (Some(Span::from_secs(61)), format!("acme-cc-us-city-Austin-session-{name}-time-2")),
    ] {
        let guise = Guise { place: &place, number, life };
        let steps = vec![
            hear(&[5, 1, 2]),
            say(&[5, 2]),
            Step::Hear([&[1, u8::try_from(due.len()).unwrap()], due.as_bytes(), b"\x06p:word"].concat()),
            say(&[1, 0]),
            hear(&[5, 1, 0, 1, 127, 0, 0, 1, 0, 80]),
            say(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ];
        let route = upstream("socks5", scripted(steps).await, Some((template, "p:word")));
        let dialled = Desk::new().dial_as(&route, "127.0.0.1:80", &guise).await.unwrap();
        assert_eq!(rest(dialled).await, b"");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_over_http_is_basic_and_stands_in_the_one_head() {
    let head = "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\
                Proxy-Authorization: Basic dS11czpwOnc=\r\n\r\n";
    let steps = vec![hear(head.as_bytes()), say(b"HTTP/1.1 200 OK\r\n\r\n")];
    let route = upstream("http", scripted(steps).await, Some(("u-{cc}", "p:w")));
    let dialled = Desk::new().dial(&route, "[2001:db8::1]:443").await.unwrap();
    assert_eq!(rest(dialled).await, b"");
}

#[tokio::test(start_paused = true)]
async fn a_success_forgives_what_failed_before() {
    let desk = Desk::new();
    let gone = upstream("http", nowhere().await, None);
    for _ in 0..2 {
        desk.error(&gone, TARGET).await;
    }
    let well = upstream("http", scripted(vec![hear(CONNECT), say(b"HTTP/1.1 200 OK\r\n\r\n")]).await, None);
    desk.dial(&well, TARGET).await.unwrap();
    for _ in 0..2 {
        desk.error(&gone, TARGET).await;
    }
    assert!(!desk.health.is_out());
}
