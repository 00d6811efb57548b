//! The storage boundary: what every store must do, run on each, and what is particular to the one on redb.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod accounts;
mod adoption;
mod answers;
mod api_keys;
mod artifacts;
mod backups;
mod catalog;
mod changes;
mod creation;
mod deletions;
mod figures;
mod files;
mod housekeeping;
mod invitations;
mod leases;
mod members;
mod memory;
mod memory_state;
mod model;
mod observer;
mod one_time_tokens;
mod postgres;
mod races;
mod sessions;
mod tenants;
mod users;
mod whole;
mod workspaces;
mod world;

/// Stamps out a test for each function of the suite on each store. A function that is missing here is dead code, and
/// the compiler says so.
macro_rules! on_every_store {
    ($($module:ident { $($test:ident)+ })+) => {
        on_every_store!(@on in_memory test, $($module { $($test)+ })+);
        on_every_store!(@on on_disk test, $($module { $($test)+ })+);
        on_every_store!(@on on_a_memory_engine test, $($module { $($test)+ })+);
        // `.ci/engines` runs these.
        on_every_store!(@on on_postgres elsewhere, $($module { $($test)+ })+);
    };
    (@on $store:ident $kind:ident, $($module:ident { $($test:ident)+ })+) => {
        mod $store {$(
            mod $module {$(
                on_every_store!(@$kind $test crate::$module::$test(crate::world::World::$store()));
            )+}
        )+}
    };
    (@test $test:ident $run:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $run.await;
        }
    };
    (@elsewhere $test:ident $run:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
        async fn $test() {
            $run.await;
        }
    };
}

on_every_store! {
    users {
        an_account_is_found_by_id_and_by_address
        an_address_has_one_account
        a_password_hash_is_replaced_if_it_is_the_expected_one
    }
    one_time_tokens {
        an_account_has_tokens_for_each_purpose
        no_token_that_is_good_gives_way_to_another
        a_token_verifies_an_address_once
        a_token_replaces_a_password_once_and_ends_all_sessions
        a_token_that_has_expired_is_of_no_use
    }
    accounts {
        a_changed_password_ends_the_other_sessions
        s19_who_proved_the_password_before_it_was_changed_comes_too_late
        a_disabled_account_has_no_sessions_and_gets_none
        an_account_may_operate_until_it_is_revoked
        sessions_are_listed_and_ended_for_their_owner
        a_session_switches_to_a_workspace_of_its_user
        s51_failing_to_sign_in_to_no_account_is_written_nowhere
        signing_in_and_out_is_about_a_workspace_and_in_no_workspaces_log
    }
    sessions {
        a_session_lives_until_it_is_closed
        a_session_needs_an_account
        a_refresh_token_is_exchanged_for_its_successor
        a_spent_token_ends_the_session
        a_token_that_was_spent_a_moment_ago_leads_to_the_current_one
        after_its_grace_a_spent_token_ends_the_session
        a_repeat_by_another_client_is_in_the_log
        salts_are_removed_when_no_token_may_be_presented_again
        of_too_many_lines_the_one_unused_longest_is_dropped
        of_too_many_sessions_the_one_unused_longest_ends
        where_an_account_was_signed_in_to_from_is_known
        other_tokens_are_unknown
        a_session_that_has_expired_is_removed_when_it_is_met
        opening_a_session_removes_a_few_that_have_expired
        a_session_never_outlives_its_absolute_end
        a_session_in_use_ends_later_but_never_after_its_absolute_end
        the_newest_hundred_spent_tokens_are_known_again
    }
    adoption {
        an_account_is_taken_over_and_brought_up_to_date
        another_hash_ends_the_sessions
        it_is_known_what_the_slowest_older_hash_costs
        a_workspace_is_taken_over_with_its_members
        a_workspace_that_is_gone_for_good_may_come_again
        artifacts_are_taken_over_in_the_trash_or_not
    }
    workspaces {
        a_workspace_begins_with_its_owner
        a_workspace_needs_an_owner
        a_slug_is_taken_once_or_numbered_or_tagged
        workspaces_are_listed_for_their_members_oldest_first
        a_long_list_of_workspaces_is_whole
        strangers_see_nothing
        an_update_of_a_workspace_changes_what_it_names
    }
    members {
        a_member_is_added_changed_and_removed
        what_is_not_there_is_said
        who_has_not_the_role_any_more_is_refused
        s29_the_last_owner_stays
        a_long_list_of_members_is_whole
    }
    tenants {
        a_suspended_workspace_is_there_for_none_of_its_members
        a_workspace_has_its_own_quotas_in_the_place_of_those_for_all
        workspaces_are_listed_by_size
        an_operator_ends_a_workspace_whoever_owns_it
    }
    invitations {
        an_invitation_is_good_once_and_for_whom_it_was_made
        an_account_and_its_membership_are_made_together_or_not_at_all
        an_invitation_that_has_expired_is_of_no_use_and_goes
        an_address_has_one_invitation_to_a_workspace
        what_somebody_made_ends_with_their_role
        a_deleted_address_is_invited_nowhere
        s51_no_more_invitations_wait_than_are_looked_through_at_once
    }
    api_keys {
        a_key_is_there_until_it_is_revoked
        admins_make_and_revoke_keys
        uses_are_noted_and_nobody_learns_of_it
    }
    deletions {
        a_deleted_person_leaves_nothing_but_what_they_wrote
        s29_what_somebody_alone_owns_goes_to_an_heir_or_they_stay
        from_where_they_acted_is_taken_out_of_the_change_log
        an_address_is_changed_by_its_token_alone
    }
    housekeeping {
        a_deleted_workspace_is_gone_at_once
        what_was_in_deleted_workspaces_is_removed_step_by_step
        what_has_been_in_the_trash_for_long_is_removed_step_by_step
        versions_that_were_replaced_long_ago_are_removed_step_by_step
        old_entries_of_the_change_log_are_removed_but_never_the_newest
    }
    artifacts {
        an_artifact_is_read_as_it_was_written
        an_artifact_needs_a_workspace
        tenants_do_not_see_each_other
        an_update_changes_what_it_names
        a_stale_version_is_refused
        a_deleted_artifact_is_gone
        pages_are_newest_first_and_know_the_total
        filters_narrow_a_listing
    }
    catalog {
        everything_is_passed_on_once_oldest_first
        large_artifacts_are_passed_on_a_few_at_a_time
        a_refused_atomic_write_leaves_no_trace
        every_write_of_many_is_in_the_log
    }
    creation {
        members_workspaces_keys_and_sessions_are_in_the_order_of_creation
        artifacts_of_any_ids_are_listed_in_the_order_of_creation
    }
    answers {
        a_key_is_noted_with_the_write_it_is_for
        a_key_lies_where_its_write_was_made
        a_refused_write_leaves_its_key_free
        an_answer_is_kept_until_it_expires
        a_key_that_has_expired_is_used_again
        expired_keys_are_removed_some_at_a_time
    }
    races {
        one_of_many_gets_an_address
        one_of_many_gets_a_slug
        numbered_slugs_differ
        one_of_many_updates_a_version
        one_of_many_deletes
        one_of_many_spends_a_token
        all_who_present_a_token_at_once_get_the_same
        s29_of_two_owners_who_turn_on_each_other_one_stays
        a_write_is_seen_by_whoever_was_answered
        a_refused_intent_leaves_no_trace_among_others
    }
    changes {
        every_write_has_one_entry
        the_log_is_read_from_any_position
        positions_have_no_gaps
        a_workspaces_entries_are_read_newest_first_and_no_others
    }
    whole {
        counters_match_what_is_there
        health_tells_of_a_working_store
        a_closed_store_refuses
        a_read_only_store_refuses_what_writes_and_nothing_else
        writes_queued_before_closing_are_answered
    }
}
