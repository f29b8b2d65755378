//! The scripted server does what its script says.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use supabase_mock::http::{Answer, Server};

fn connect(server: &Server) -> TcpStream {
    let connection = TcpStream::connect(server.address()).expect("the server listens");
    connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    connection
}

/// Sends a request and reads until the connection ends.
fn ask(server: &Server, request: &str) -> Vec<u8> {
    let mut connection = connect(server);
    connection.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = Vec::new();
    // A connection that is reset has told what it had to.
    let _ = connection.read_to_end(&mut answer);
    answer
}

fn ask_text(server: &Server, request: &str) -> String {
    String::from_utf8(ask(server, request)).expect("text")
}

const GET: &str = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn answers_come_in_their_order_on_one_connection() {
    let server = Server::start([
        Answer::json(201, r#"{"a":1}"#).header("x-one", "1"),
        Answer::new(204),
        Answer::new(200).body("end").then_close(),
    ])
    .expect("a port");
    let answer = ask_text(&server, &GET.repeat(4));
    let expected = concat!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nx-one: 1\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nend",
    );
    assert_eq!(answer, expected);
    assert_eq!((server.requests().len(), server.left(), server.connections()), (3, 0, 1));

    // The script has ended: what is asked now is kept, and not answered.
    assert_eq!(ask_text(&server, GET), "");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn requests_are_kept_as_they_came() {
    let server = Server::start([Answer::new(200), Answer::new(200).then_close()]).expect("a port");
    let sized = "POST /x HTTP/1.1\r\nContent-Length: 5\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\nhello";
    let chunked = "PUT /y HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    ask(&server, &format!("{sized}{chunked}"));
    let requests = server.requests();
    let kept: Vec<_> = requests
        .iter()
        .map(|request| (request.method.as_str(), request.target.as_str(), request.text(), request.complete))
        .collect();
    assert_eq!(kept, [("POST", "/x", "hello".to_owned(), true), ("PUT", "/y", "abcde".to_owned(), true)]);
    assert_eq!(requests[0].header("x-twice"), Some("1"));
    assert_eq!(requests[0].headers.iter().filter(|(name, _)| name == "x-twice").count(), 2);
}

#[test]
fn a_body_is_cut_after_every_byte() {
    for cut in 0..=10 {
        let server = Server::start([Answer::new(200).body("0123456789").cut_after(cut)]).expect("a port");
        let answer = ask_text(&server, GET);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("content-length: 10"), "{head}");
        assert_eq!(body, &"0123456789"[..cut]);
    }
}

#[test]
fn a_length_may_be_a_lie() {
    let server = Server::start([Answer::new(200).body("short").announce(10)]).expect("a port");
    assert!(ask_text(&server, GET).ends_with("content-length: 10\r\n\r\nshort"));
    // One that announces less goes on with the next answer, whose beginning is then what was too much.
    let server =
        Server::start([Answer::new(200).body("longer").announce(4), Answer::close()]).expect("a port");
    assert!(ask_text(&server, &GET.repeat(2)).ends_with("content-length: 4\r\n\r\nlonger"));
}

#[test]
fn exact_bytes_and_silence() {
    let server = Server::start([Answer::exact("HTTP/9 nonsense"), Answer::close()]).expect("a port");
    assert_eq!(ask_text(&server, GET), "HTTP/9 nonsense");
    assert_eq!(ask_text(&server, GET), "");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn pieces_chunks_and_stalls() {
    let pause = Duration::from_millis(20);
    let server = Server::start([
        Answer::new(200).body("abcdef").chunked().drip(4, Duration::ZERO),
        Answer::new(200).body("abcdef").chunked().cut_after(4),
        Answer::new(200).body("abcdef").stall_after(2, pause).then_close(),
    ])
    .expect("a port");
    let begun = Instant::now();
    let both = ask_text(&server, &GET.repeat(2));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(both, format!("{head}4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n{head}4\r\nabcd\r\n"));
    assert!(ask_text(&server, GET).ends_with("abcdef"));
    assert!(begun.elapsed() >= pause);
}

#[test]
fn an_upload_is_read_in_part() {
    let server = Server::start([Answer::close().read_only(3)]).expect("a port");
    let request = "PATCH /up HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789";
    assert_eq!(ask(&server, request), b"");
    let requests = server.requests();
    assert_eq!((requests[0].text().as_str(), requests[0].complete), ("012", false));
}

#[test]
fn whoever_expects_to_be_asked_is_asked() {
    let server = Server::start([Answer::new(200).then_close()]).expect("a port");
    let mut connection = connect(&server);
    connection
        .write_all(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .expect("sent");
    let mut word = [0; 25];
    connection.read_exact(&mut word).expect("an answer before the body");
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"ok").expect("sent");
    let mut rest = String::new();
    connection.read_to_string(&mut rest).expect("an answer");
    assert!(rest.starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_closure_answers_what_it_was_asked() {
    let mut count = 0;
    let server = Server::answering(move |request| {
        count += 1;
        Answer::new(200).body(format!("{count} {}", request.target))
    })
    .expect("a port");
    let answer = ask_text(
        &server,
        &format!("{GET}{}", GET.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n")),
    );
    assert!(answer.contains("\r\n\r\n1 /a?b=c") && answer.ends_with("\r\n\r\n2 /a?b=c"), "{answer}");
}

#[test]
fn a_server_that_is_dropped_ends_at_once() {
    let long = Duration::from_secs(3_600);
    let server = Server::start([Answer::new(200).body("abc").stall_after(1, long)]).expect("a port");
    let address = server.address();
    let mut connection = connect(&server);
    connection.write_all(GET.as_bytes()).expect("sent");
    let mut first = [0; 39];
    connection.read_exact(&mut first).expect("a beginning");
    assert_eq!(&first, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\na");
    let begun = Instant::now();
    drop(server);
    let mut rest = Vec::new();
    let _ = connection.read_to_end(&mut rest);
    assert!(rest.is_empty() && begun.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

/// Sends a request, and answers with what came and how the connection ended.
fn end_of(server: &Server, request: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut connection = connect(server);
    connection.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = Vec::new();
    let end = connection.read_to_end(&mut answer);
    (answer, end.err().map(|error| error.kind()))
}

#[test]
fn a_reset_is_no_end_of_file() {
    let reset = Some(ErrorKind::ConnectionReset);
    let upload = "PUT /x HTTP/1.1\r\nContent-Length: 8\r\n\r\n01234567";
    let server = Server::start([
        Answer::reset().before_reading(),
        Answer::reset().read_only(3),
        Answer::reset(),
        Answer::new(200).then_close(),
    ])
    .expect("a port");
    for _ in 0..3 {
        assert_eq!(end_of(&server, upload), (Vec::new(), reset));
    }
    let (answer, end) = end_of(&server, upload);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK") && end.is_none());
    let requests = server.requests();
    let kept: Vec<_> = requests.iter().map(|r| (r.method.as_str(), r.text(), r.complete)).collect();
    let whole = ("PUT", "01234567".to_owned(), true);
    assert_eq!(kept, [("", String::new(), false), ("PUT", "012".to_owned(), false), whole.clone(), whole]);
}

#[test]
fn an_answer_can_end_by_a_reset() {
    // With a pause, so that what was sent has been read when the reset comes.
    let pause = Duration::from_millis(300);
    let server = Server::start([
        Answer::new(200).body("abcdef").drip(2, pause).cut_after(2).then_reset(),
        Answer::new(200).body("abcdef").drip(6, pause).then_reset(),
    ])
    .expect("a port");
    for whole in ["ab", "abcdef"] {
        let mut connection = connect(&server);
        connection.write_all(GET.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let end = connection.read_to_end(&mut answer).expect_err("a reset");
        assert_eq!(end.kind(), ErrorKind::ConnectionReset);
        assert!(String::from_utf8_lossy(&answer).ends_with(&format!("\r\n\r\n{whole}")));
    }
}

#[test]
fn a_port_that_was_refused_can_be_opened_and_a_list_goes_on_with_a_closure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::on(listener, [Answer::new(503)], |request| {
        Answer::new(200).body(request.target.clone()).then_close()
    })
    .expect("a server");
    assert_eq!((server.address(), server.left()), (address, 1));
    let answer = ask_text(&server, &GET.repeat(2));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("/a?b=c"), "{answer}");
    assert_eq!(server.left(), 0);
}

#[test]
fn a_listener_that_does_not_wait_is_made_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it need not wait");
    let own = listener.try_clone().expect("the same socket");
    let server = Server::on(listener, [], |_| Answer::new(204)).expect("a server");
    // Both stand for one socket: a listener that does not wait would say so at once.
    let waits = std::thread::spawn(move || own.accept().map(drop));
    std::thread::sleep(Duration::from_millis(50));
    assert!(!waits.is_finished(), "it waits for a connection");
    // Each connection is taken by one of the two.
    for _ in 0..1_000 {
        if waits.is_finished() {
            break;
        }
        drop(connect(&server));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(waits.is_finished());
    waits.join().expect("no panic").expect("a connection");
}
