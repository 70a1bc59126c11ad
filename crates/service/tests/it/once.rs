//! Requests under an idempotency key: one effect, one answer, whatever happens in between.

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Span;
use turnpike_service::{KeptAnswer, NewAccounts, Once, OnceTicket, Service, ServiceError};
use turnpike_store::StoreError;
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE};

const SCOPE: &str = "customer:1";
const REQUEST: [u8; 32] = [7; 32];

fn answer(body: &str) -> KeptAnswer {
    KeptAnswer { status: 200, content_type: "application/json".to_owned(), body: body.as_bytes().to_vec() }
}

fn hex_of(text: &str) -> String {
    text.bytes().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

async fn add(service: &Service, customer: CustomerId, name: &str) -> Result<(), ServiceError> {
    let pair = (Username::parse(name).unwrap(), AccountPassword::parse("p").unwrap());
    service.add_accounts(customer, NewAccounts::of(vec![pair], TYPE)).await
}

async fn first(service: &Service, key: &str) -> OnceTicket {
    match service.begin_once(SCOPE, key, REQUEST).await.unwrap() {
        Once::First(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn again(service: &Service, key: &str) -> Once {
    service.begin_once(SCOPE, key, REQUEST).await.unwrap()
}

each_store! {
    async fn an_answer_is_given_again_for_seven_days(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let ticket = first(&given.service, "k").await;
        add(&given.service.within(&ticket), anna, "a1").await.unwrap();
        assert!(ticket.is_committed());
        given.service.keep_answer(ticket, &answer("done")).await.unwrap();
        given.turn_clock(Span::from_secs(7 * 86_400 - 1));
        assert!(matches!(again(&given.service, "k").await, Once::Again(kept) if kept == answer("done")));
        assert!(matches!(given.service.begin_once(SCOPE, "k", [8; 32]).await.unwrap(), Once::Other));
        // Scope and key tell requests apart.
        assert!(matches!(given.service.begin_once("customer:2", "k", REQUEST).await.unwrap(), Once::First(_)));
        assert!(matches!(again(&given.service, "K").await, Once::First(_)));
        // A key that has run out may be used again, whether it was trimmed or not.
        given.turn_clock(Span::from_secs(1));
        let ticket = first(&given.service, "k").await;
        add(&given.service.within(&ticket), anna, "a2").await.unwrap();
        drop(ticket);
        given.turn_clock(Span::from_days(7));
        assert_eq!(given.service.trim_answers().await.unwrap(), 1);
        assert_eq!(given.service.trim_answers().await.unwrap(), 0);
    }

    async fn what_is_kept_is_not_in_clear(given: &TestStore) {
        let store = given;
        let given = Given::over(store);
        let ticket = first(&given.service, "k").await;
        given.service.keep_answer(ticket, &answer("app_key=0123")).await.unwrap();
        let digits = if store.is_sqlite() { "hex(answer)" } else { "encode(answer, 'hex')" };
        let clear = format!("SELECT count(*) FROM once WHERE lower({digits}) LIKE '%{}%'", hex_of("0123"));
        assert_eq!(given.store.number(&clear).await.unwrap(), 0);
        assert_eq!(given.store.number("SELECT count(*) FROM once WHERE length(answer) > 12").await.unwrap(), 1);
    }

    async fn what_was_refused_is_kept_and_what_failed_is_free(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        given.account(anna, "taken").await;
        let ticket = first(&given.service, "k").await;
        assert!(matches!(add(&given.service.within(&ticket), anna, "taken").await, Err(ServiceError::NameTaken(_))));
        assert!(!ticket.is_committed());
        given.service.keep_answer(ticket, &answer("taken")).await.unwrap();
        assert!(matches!(again(&given.service, "k").await, Once::Again(kept) if kept == answer("taken")));
        // Nothing kept: the next one is the first.
        let ticket = first(&given.service, "other").await;
        add(&given.service.within(&ticket), anna, "taken").await.unwrap_err();
        drop(ticket);
        drop(first(&given.service, "other").await);
    }

    async fn after_the_end_of_the_process_between_commit_and_answer_nothing_runs_again(given: &TestStore) {
        let store = given;
        let given = Given::over(store);
        let anna = given.customer("a@example.com").await;
        // One act knew its answer, the other did not.
        let ticket = first(&given.service, "known").await;
        let within = given.service.within_answering(&ticket, |(): &()| Some(answer("known")));
        add(&within, anna, "a1").await.unwrap();
        drop(ticket);
        let ticket = first(&given.service, "unknown").await;
        add(&given.service.within(&ticket), anna, "a2").await.unwrap();
        drop(ticket);
        let next = Given::over(store);
        next.turn_clock(Span::from_secs(61));
        assert!(matches!(again(&next.service, "known").await, Once::Again(kept) if kept == answer("known")));
        assert!(matches!(again(&next.service, "unknown").await, Once::Lost));
    }

    async fn two_processes_carry_out_one(given: &TestStore) {
        let store = given;
        let (one, other) = (Given::over(store), Given::over(store));
        let anna = one.customer("a@example.com").await;
        let (first_ticket, second_ticket) = (first(&one.service, "k").await, first(&other.service, "k").await);
        let render = |(): &()| Some(answer("done"));
        let (left, right) = (one.service.within_answering(&first_ticket, render), other.service.within_answering(&second_ticket, render));
        let (left, right) = tokio::join!(add(&left, anna, "a1"), add(&right, anna, "a1"));
        // The second does not find that the name is taken: it does not look.
        let refused = if left.is_ok() { right } else { left };
        assert!(matches!(refused, Err(ServiceError::Store(StoreError::DoneBefore))), "{refused:?}");
        drop((first_ticket, second_ticket));
        for given in [&one, &other] {
            assert!(matches!(again(&given.service, "k").await, Once::Again(kept) if kept == answer("done")));
        }
    }

    async fn whoever_comes_second_waits_for_the_first(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let ticket = first(&given.service, "k").await;
        let waiting = tokio::spawn({
            let service = given.service.clone();
            async move { again(&service, "k").await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        add(&given.service.within(&ticket), anna, "a1").await.unwrap();
        given.service.keep_answer(ticket, &answer("done")).await.unwrap();
        assert!(matches!(waiting.await.unwrap(), Once::Again(kept) if kept == answer("done")));
    }

    async fn a_hundred_at_once_have_one_effect(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let tries = (0..100).map(|_| {
            let service = given.service.clone();
            tokio::spawn(async move {
                match again(&service, "k").await {
                    Once::First(ticket) => {
                        let within = service.within_answering(&ticket, |(): &()| Some(answer("done")));
                        add(&within, anna, "a1").await.unwrap();
                        service.keep_answer(ticket, &answer("done")).await.unwrap();
                        true
                    }
                    Once::Again(kept) => {
                        assert_eq!(kept, answer("done"));
                        false
                    }
                    other => panic!("{other:?}"),
                }
            })
        });
        let tries: Vec<_> = tries.collect();
        let mut firsts = 0;
        for each in tries {
            firsts += u32::from(each.await.unwrap());
        }
        assert_eq!(firsts, 1);
    }
}
