//! Machines that run gateways, receipts of changes, and what the operator asks.

use std::time::Duration;

use turnpike_domain::directory::Changes;
use turnpike_domain::ids::{FeedSeq, Incarnation};
use turnpike_domain::question::{Answer, Ask, Question};
use turnpike_domain::time::Span;
use turnpike_service::{NodeAccess, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{Given, NEIGHBOUR, NODE, operator};

const NO_PATIENCE: Duration = Duration::ZERO;
/// Nothing here takes so long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

impl Given {
    async fn newest(&self) -> Option<FeedSeq> {
        self.service.directory_snapshot().await.unwrap().seq
    }

    async fn receipt(&self) -> String {
        self.service.effective_everywhere(NO_PATIENCE).await.unwrap().to_string()
    }

    /// What a gateway at that place is asked.
    async fn asked_after(&self, place: Option<FeedSeq>) -> Vec<Question> {
        match self.service.directory_changes(place).await.unwrap() {
            Changes::Since { changed, .. } => changed.questions,
            Changes::None | Changes::TooOld => Vec::new(),
        }
    }
}

each_store! {
    async fn a_credential_is_known_until_it_is_revoked(given: &TestStore) {
        let given = Given::over(given);
        let secret = given.service.add_node_credential(&operator(), "fra-1").await.unwrap();
        assert_eq!(secret.len(), 64);
        let NodeAccess::Granted(id) = given.service.authenticate_node(&secret).await.unwrap() else { panic!("granted") };
        for other in ["", "x", &secret[1..], &secret.to_uppercase()] {
            assert_eq!(given.service.authenticate_node(other).await.unwrap(), NodeAccess::Unknown, "{other}");
        }
        let again = given.service.add_node_credential(&operator(), "fra-1").await;
        assert!(matches!(again, Err(ServiceError::MachineNameTaken)), "{again:?}");
        given.service.revoke_node_credential(&operator(), "fra-1").await.unwrap();
        assert_eq!(given.service.authenticate_node(&secret).await.unwrap(), NodeAccess::Revoked);
        let twice = given.service.revoke_node_credential(&operator(), "fra-1").await;
        assert!(matches!(twice, Err(ServiceError::NoSuchMachine)), "{twice:?}");
        given.service.add_node_credential(&operator(), "fra-1").await.unwrap();
        let names: Vec<_> = given.service.list_node_credentials().await.unwrap();
        assert_eq!(names.iter().map(|one| (one.id == id, one.revoked_at.is_some())).collect::<Vec<_>>(), [(true, true), (false, false)]);
        assert_eq!(given.number("SELECT count(*) FROM audit WHERE act IN ('node.add', 'node.revoke')").await, 3);
    }

    async fn a_gateway_belongs_to_the_credential_that_claimed_it_first(given: &TestStore) {
        let given = Given::over(given);
        let mut ids = Vec::new();
        for name in ["one", "two"] {
            let secret = given.service.add_node_credential(&operator(), name).await.unwrap();
            let NodeAccess::Granted(id) = given.service.authenticate_node(&secret).await.unwrap() else { panic!("granted") };
            ids.push(id);
        }
        assert!(given.service.claim_node(ids[0], NODE).await.unwrap());
        assert!(given.service.claim_node(ids[0], NODE).await.unwrap());
        assert!(!given.service.claim_node(ids[1], NODE).await.unwrap());
        // One in the process of the store is nobody's.
        given.boot(NEIGHBOUR, Vec::new()).await;
        assert!(!given.service.claim_node(ids[1], NEIGHBOUR).await.unwrap());
    }

    async fn a_receipt_counts_the_gateways_that_live_and_have_applied_the_change(given: &TestStore) {
        let given = Given::over(given);
        assert_eq!(given.receipt().await, "0/0");
        let (one, two) = (given.boot(NODE, Vec::new()).await, given.boot(NEIGHBOUR, Vec::new()).await);
        assert_eq!(given.receipt().await, "2/2", "nothing has changed yet");
        given.customer("anna@example.com").await;
        assert_eq!(given.receipt().await, "0/2");
        let newest = given.newest().await;
        given.service.note_applied(one, newest);
        assert_eq!(given.receipt().await, "1/2");
        // Another process knows what the store was told.
        given.service.keep_places().await.unwrap();
        let other = Given::beside(&given);
        assert_eq!(other.receipt().await, "1/2");
        let (waiting, noted) = (other.service.clone(), given.service.clone());
        let receipt = tokio::spawn(async move { waiting.effective_everywhere(PATIENCE).await });
        noted.note_applied(two, newest);
        noted.keep_places().await.unwrap();
        assert_eq!(receipt.await.unwrap().unwrap().to_string(), "2/2");
        // An older opening of the same spool has nothing to say.
        given.customer("bob@example.com").await;
        let newer = given.boot(NODE, Vec::new()).await;
        assert_eq!(newer, Incarnation { boot: one.boot + 1, ..one });
        given.service.note_applied(newer, newest);
        given.service.note_applied(one, given.newest().await);
        assert_eq!(given.receipt().await, "0/2");
        given.service.leave_node(two).await.unwrap();
        assert_eq!(given.receipt().await, "0/1");
        given.pass(Span::from_secs(301));
        assert_eq!(given.receipt().await, "0/0", "it refuses new connections by now");
    }

    async fn a_question_reaches_every_gateway_and_is_answered_once_by_each(given: &TestStore) {
        let given = Given::over(given);
        let (one, two) = (given.boot(NODE, Vec::new()).await, given.boot(NEIGHBOUR, Vec::new()).await);
        let before = given.newest().await;
        let ask = Ask::Connections { customer: None, account: None, most: 10 };
        let (asking, asked_for) = (given.service.clone(), ask.clone());
        let asked = tokio::spawn(async move { asking.ask_gateways(asked_for, PATIENCE).await });
        given.service.wait_for_news(before).await;
        let questions = given.asked_after(before).await;
        let [question] = &questions[..] else { panic!("one question: {questions:?}") };
        assert_eq!(question.ask, ask);
        given.service.answer_question(one, question.id, Answer::Kicked(1)).await.unwrap();
        given.service.answer_question(one, question.id, Answer::Kicked(7)).await.unwrap();
        given.service.answer_question(two, question.id, Answer::Kicked(2)).await.unwrap();
        let answers = asked.await.unwrap().unwrap();
        assert_eq!(answers, [(NEIGHBOUR, Answer::Kicked(2)), (NODE, Answer::Kicked(1))]);
        // What is old is neither asked nor answered any more.
        given.pass(Span::from_secs(61));
        assert_eq!(given.asked_after(before).await, []);
        assert_eq!(given.service.trim_questions().await.unwrap(), 1);
        given.service.answer_question(one, question.id, Answer::Kicked(1)).await.unwrap();
        assert_eq!(given.number("SELECT count(*) FROM answer").await, 0);
    }
}
