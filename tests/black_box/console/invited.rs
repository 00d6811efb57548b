//! Invitations in the console: made by admins, accepted by people with an account or without, and the way out again.

use super::led_to;
use crate::support::account::{Account, PASSWORD};
use crate::support::browser::{Browser, unescape};
use crate::support::client::Reply;
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use crate::support::unique;

const INVITATION: &str = "/console/invitation";

/// The place of the link that a page shows.
#[track_caller]
fn link(page: &Reply) -> String {
    let (_, rest) = page.body.split_once("<code>http").unwrap_or_else(|| panic!("no link: {}", page.body));
    let (link, _) = rest.split_once("</code>").expect("its end");
    let (_, place) = link.split_once("/console/").expect("a page of the console");
    format!("/console/{}", unescape(place))
}

#[test]
fn somebody_without_an_account_comes_by_a_link_that_is_shown_once() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let members = format!("/console/workspaces/{workspace}/members");
    let make = format!("/console/workspaces/{workspace}/invitations");
    let page = browser.get(&members).expect(200);
    let refused = browser.submit(&page, &make, &[("email", ""), ("role", "owner")]).expect(422);
    assert!(refused.body.contains("must be member"), "{}", refused.body);
    let made = browser.submit(&page, &make, &[("email", ""), ("role", "member")]).expect(200);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let place = link(&made);
    // Sent twice, it made one.
    assert_eq!(led_to(&browser.submit(&page, &make, &[("email", ""), ("role", "member")])), members);
    let page = browser.get(&members).expect(200);
    assert_eq!(page.body.matches("Anyone with the link").count(), 1, "{}", page.body);
    assert!(!page.body.contains(place.split_once("token=").expect("a token").1), "{}", page.body);

    let nobody = Browser::of_nobody(&server.client());
    let shown = nobody.get(&place).expect(200);
    assert!(shown.body.contains("A workspace") && shown.body.contains("Sign in to accept"), "{}", shown.body);
    let token = place.split_once("token=").expect("a token").1;
    let register = nobody.get(&format!("/console/register?invitation={token}")).expect(200);
    let email = format!("{}@example.com", unique("guest"));
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    assert!(nobody.submit(&register, "/console/register", &fields).expect(200).body.contains("Your account is there"));
    let signed_in = nobody.sign_in(&email, PASSWORD).expect(303);
    let guest = nobody.with_cookie(&signed_in);
    assert_eq!(led_to(&guest.get("/console")), format!("/console/workspaces/{workspace}"));
    assert!(guest.get(&place).expect(400).body.contains("not good"));
}

#[test]
fn who_is_invited_by_mail_signs_in_and_accepts_in_their_own_time() {
    let mail = MailServer::start();
    let server = Setup::new()
        .env("GHOSTWORKS__MAIL__SMTP_URL", mail.url())
        .env("GHOSTWORKS__MEMBERS__DIRECT_ADD", "false")
        .start();
    let (ann, bob, eve) = (Account::new(&server), Account::new(&server), Account::new(&server));
    for _ in 0..3 {
        mail.next();
    }
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let members = format!("/console/workspaces/{workspace}/members");
    let page = browser.get(&members).expect(200);
    assert!(page.body.contains("Invite somebody by e-mail"), "{}", page.body);
    led_to(&browser.submit(&page, &members, &[("email", &bob.email), ("role", "member")]));
    let page = browser.get(&members).expect(200);
    assert!(page.body.contains("Invited") && page.body.contains(&bob.email), "{}", page.body);
    let id = page.body.split_once("/invitations/").and_then(|(_, rest)| rest.split_once("/revoke")).expect("an id").0;
    led_to(&browser.submit(&page, &format!("{members}/{id}/role"), &[("role", "admin")]));

    let place = format!("{INVITATION}?token={}", mail.next().token());
    let nobody = Browser::of_nobody(&server.client());
    let shown = nobody.get(&place).expect(200);
    let (_, rest) = shown.body.split_once("href=\"/console?next=").expect("the way to sign in");
    let way_in = format!("/console?next={}", rest.split('"').next().expect("a place"));
    let form = nobody.get(&way_in).expect(200);
    let signed_in = nobody.submit(&form, "/console/sign-in", &[("email", &bob.email), ("password", PASSWORD)]);
    assert_eq!(led_to(&signed_in), place, "back to the invitation");
    let his = nobody.with_cookie(&signed_in);
    let hers = Browser::of(&server, &eve);
    let for_another = hers.get(&place).expect(200);
    assert!(for_another.body.contains("for another address than yours") && !for_another.body.contains(&bob.email));

    let shown = his.get(&place).expect(200);
    // Without the form's token, or from elsewhere, nothing is accepted.
    his.send(INVITATION, &[("token", "x")]).expect(403);
    assert_eq!(led_to(&his.submit(&shown, INVITATION, &[])), format!("/console/workspaces/{workspace}"));
    let seen = bob.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200).json();
    assert_eq!(seen["user_role"], "admin");
    assert!(his.submit(&shown, INVITATION, &[]).expect(400).body.contains("not good"));
}

#[test]
fn an_invitation_is_revoked_a_workspace_handed_over_and_left() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let base = format!("/console/workspaces/{workspace}");
    let members = format!("{base}/members");
    let page = browser.get(&members).expect(200);
    let made = browser.submit(&page, &format!("{base}/invitations"), &[("email", &bob.email), ("role", "member")]);
    let place = link(&made.expect(200));
    let page = browser.get(&members).expect(200);
    let id = page.body.split_once("/invitations/").and_then(|(_, rest)| rest.split_once("/revoke")).expect("an id").0;
    let revoke = format!("{base}/invitations/{id}/revoke");
    led_to(&browser.submit(&page, &revoke, &[]));
    led_to(&browser.submit(&page, &revoke, &[]));
    Browser::of(&server, &bob).get(&place).expect(400);

    let leave = format!("{base}/leave");
    let refused = browser.get(&led_to(&browser.submit(&page, &leave, &[]))).expect(200);
    assert!(refused.body.contains("You alone own it"), "{}", refused.body);
    led_to(&browser.submit(&page, &members, &[("email", &bob.email), ("role", "member")]));
    let page = browser.get(&members).expect(200);
    assert_eq!(led_to(&browser.submit(&page, &format!("{base}/transfer"), &[("user_id", &bob.id)])), members);
    assert_eq!(led_to(&browser.submit(&page, &leave, &[])), "/console/workspaces");
    browser.get(&members).expect(404);
    let seen = bob.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200).json();
    assert_eq!(seen["user_role"], "owner");
}
