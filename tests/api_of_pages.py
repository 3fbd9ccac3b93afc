"""Every page, and the call of the API that does the same: method and path, or why there is none.

A page without a line here fails the tests: write its call, or the reason.
"""

BROWSER = "-"  # what follows it is the reason

TABLE = """
home                      - leads to the page where a person's work is
manifest                  - of the installed page
service_worker            - of the installed page
offline                   - of the installed page
live                      - the live stream of the pages; programs have webhooks
preferences               - language and colours of the pages in this browser
person_suggest            - helps typing: GET persons finds by name
holiday_regions           - helps typing
import_template           - an empty table to fill in by hand
account                   - the account of the one who is signed in: asks for a password
security                  - the account of the one who is signed in
sessions_end              - browsers that are signed in
session_end               - browsers that are signed in
firm_disconnect           - how one signs in
keys                      - a key that makes keys would outlive its being revoked
key_make                  - a key that makes keys would outlive its being revoked
key_revoke                - revoked where keys are made, by a person who signs in
invitation                - opens an account with the secret of a letter, in a browser
ticket_write              - one box for several verbs: each is a call of its own
import_progress           GET imports/{key}
log_progress              GET logs/{key}
replay_progress           GET replays/{key}
recalculation_progress    GET recalculations/{key}

search                    GET search
planning                  GET coverage
shifts                    GET shifts
peaks                     GET peaks
peaks_compute             POST peaks/compute
peaks_chart               GET peaks/charts/{name}
roster_progress           GET rosters/{key}
rosters                   POST rosters
roster                    GET rosters/{key}
roster_solve              POST rosters/{key}/solve
roster_stop               POST rosters/{key}/stop
roster_place              POST rosters/{key}/place
roster_publish            POST rosters/{key}/publish
roster_withdraw           POST rosters/{key}/withdraw
roster_mend               POST rosters/{key}/mend
roster_discard            POST rosters/{key}/discard
roster_compare            GET rosters/{key}/compare/{other}
shift_kinds               POST shift_kinds
shift_kind                POST shift_kinds/{key}/edit
shift_new                 POST shifts
shift_pattern             POST shift_patterns
shift_edit                POST shifts/{key}/edit
shift_remove              POST shifts/{key}/remove
on_site_days              POST on_site_days
on_site_edit              POST on_site_days/{key}/edit
on_site_remove            POST on_site_days/{key}/remove
my_wishes                 POST wishes
wish_remove               POST wishes/{key}/remove
working_rules             POST dispatch_settings
studies                   GET studies
study                     GET studies/{key}
study_new                 POST studies
study_edit                POST studies/{key}/edit
study_sites               POST studies/{key}/sites
study_begin               POST studies/{key}/begin
study_tell                POST studies/{key}/tell
study_decide              POST studies/{key}/decide
study_close               POST studies/{key}/close
study_go_back             POST studies/{key}/go_back
participant_new           POST studies/{key}/participants
participant_remove        POST study_participants/{key}/remove
inventory                 GET studies/{key}/lines
inventory_cell            POST study_lines/{key}/edit
inventory_paste           POST studies/{key}/lines/paste
inventory_undo            POST studies/{key}/lines/undo
inventory_new             POST studies/{key}/lines
inventory_line            POST study_lines/{key}/edit
inventory_remove          POST study_lines/{key}/remove
inventory_validate        POST study_lines/{key}/validate
duplicates                GET studies/{key}/duplicates
duplicates_seek           POST studies/{key}/duplicates/seek
duplicate_confirm         POST study_duplicates/{key}/confirm
duplicate_refuse          POST study_duplicates/{key}/refuse
duplicate_undo            POST study_duplicates/{key}/undo
meetings                  GET meetings
meeting                   GET meetings/{key}
meeting_new               POST tickets/{key}/meetings
meeting_book              POST meetings/{key}/book
meeting_give_up           POST meetings/{key}/give_up
busy_sources              POST busy_sources
busy_read_again           POST busy_sources/{key}/read_again
busy_remove               POST busy_sources/{key}/remove
calendar_links            GET calendar_links
calendar_link_make        POST calendar_links
calendar_link_revoke      POST calendar_links/{key}/revoke
calendar_feed             - read by calendar programs with a secret address of its own
dispatch_settings         POST dispatch_settings
dispatch_put_back         POST dispatch_settings/{number}/put_back
dispatch_modes            POST dispatch_modes
dispatch_mode_drop        POST dispatch_modes/{key}/drop
accesses                  POST tool_accesses
access_tried              POST tool_accesses/{key}/tried
access_end                POST tool_accesses/{key}/end
pairings                  POST pairings
pairing_unlock            POST pairings/{key}/unlock
ticket_hold               POST tickets/{key}/hold
ticket_unhold             POST tickets/{key}/unhold
ticket_confirm            POST tickets/{key}/confirm
ticket_pin                POST tickets/{key}/pin
ticket_unpin              POST tickets/{key}/unpin
ticket_call_in            POST tickets/{key}/call_in
continuity                GET reliefs
declare                   POST persons/{key}/declare_absent
away                      POST persons/{key}/declare_absent
relief                    GET reliefs/{key}
relief_undo               POST reliefs/{key}/undo
relief_give_back          POST reliefs/{key}/give_back
relief_hand_over          POST reliefs/{key}/hand_over
handovers                 GET handovers
handover                  GET handovers/{key}
handover_edit             POST handovers/{key}/edit
handover_give             POST handovers/{key}/give
handover_ask              POST handovers/{key}/ask
handover_answer           POST handovers/{key}/answer
handover_accept           POST handovers/{key}/accept
handover_miss             POST handovers/{key}/miss
leaves                    POST leaves
leave_accept              POST leaves/{key}/accept
leave_refuse              POST leaves/{key}/refuse
leave_withdraw            POST leaves/{key}/withdraw
matrix                    GET continuity/matrix
what_if                   GET continuity/what_if
impacts                   POST impacts
drills                    POST drills
drill_close               POST drills/{key}/close
drill_drop                POST drills/{key}/drop
drill_action              POST drill_actions/{key}/done
emergencies               POST emergency_accesses
emergency_close           POST emergency_accesses/{key}/close
companies                 GET companies
company                   GET companies/{key}
company_new               POST companies
company_edit              POST companies/{key}/edit
company_archive           POST companies/{key}/archive
company_restore           POST companies/{key}/restore
entities                  GET entities
entity                    GET entities/{key}
entity_new                POST companies/{key}/entities
entity_edit               POST entities/{key}/edit
entity_archive            POST entities/{key}/archive
entity_restore            POST entities/{key}/restore
establishments            GET establishments
establishment_new         POST entities/{key}/establishments
establishment_edit        POST establishments/{key}/edit
establishment_archive     POST establishments/{key}/archive
establishment_restore     POST establishments/{key}/restore
sites                     GET sites
site                      GET sites/{key}
site_new                  POST companies/{key}/sites
site_edit                 POST sites/{key}/edit
site_archive              POST sites/{key}/archive
site_restore              POST sites/{key}/restore
site_cover                POST sites/{key}/cover
cover                     POST sites/{key}/cover
engagement_start          POST companies/{key}/engagements
engagement_edit           POST engagements/{key}/edit
engagement_end            POST engagements/{key}/end
persons                   GET persons
person                    GET persons/{key}
person_new                POST persons
person_edit               POST persons/{key}/edit
person_archive            POST persons/{key}/archive
person_restore            POST persons/{key}/restore
person_invite             POST persons/{key}/invite
role_add                  POST persons/{key}/roles
role_end                  POST roles/{key}/end
invitations               GET invitations
invitation_send_again     POST invitations/{key}/send_again
invitation_revoke         POST invitations/{key}/revoke
assistants                GET assistants
profile_edit              POST persons/{key}/profile
skill_add                 POST persons/{key}/skills
skill_remove              POST skills/{key}/remove
language_add              POST persons/{key}/languages
language_remove           POST languages/{key}/remove
clearance_add             POST persons/{key}/clearances
clearance_end             POST clearances/{key}/end
absence_add               POST persons/{key}/absences
absence_remove            POST absences/{key}/remove

calendars                 GET calendars
calendar                  GET calendars/{key}
calendar_new              POST calendars
calendar_settings         POST calendars/{key}/change_settings
calendar_hours            POST calendars/{key}/change_weekly
calendar_delete           POST calendars/{key}/delete
calendar_history          GET calendars/{key}/changes
calendar_day              GET calendars/{key}/days
calendar_days_add         POST calendars/{key}/add_days
calendar_day_change       POST calendars/{key}/add_days
calendar_days_remove      POST calendars/{key}/remove_days
calendar_change_undo      POST calendars/{key}/restore_days
calendar_feed_import      POST calendars/{key}/import_feed
calendar_feed_remove      POST calendars/{key}/remove_feed

imports                   POST imports
import                    GET imports/{key}
import_columns            POST imports/{key}/columns
import_apply              POST imports/{key}/apply
import_again              POST imports/{key}/again
import_drop               POST imports/{key}/drop
import_refused            GET imports/{key}/lines

catalogue                 GET catalogue
service                   GET catalogue/{code}
service_new               POST catalogue
service_edit              POST catalogue/{code}/edit
service_history           GET catalogue/{code}/history
variant_new               POST catalogue/{code}/vary
variant_edit              POST catalogue/{code}/vary
variant_end               POST variants/{key}/end
procedures                GET procedures
procedure                 GET procedures/{key}
procedure_new             POST procedures
procedure_own             POST procedures/{key}/own
procedure_draft           POST procedures/{key}/draft_from
procedure_history         GET procedures/{key}/history
procedure_version         GET procedure_versions/{key}
procedure_edit            POST procedure_versions/{key}/edit
procedure_compare         GET procedure_versions/{key}/compare
procedure_publish         POST procedure_versions/{key}/publish
procedure_withdraw        POST procedure_versions/{key}/withdraw
procedure_review          POST procedure_versions/{key}/review
procedure_acknowledge     POST procedure_versions/{key}/acknowledge
procedure_drill           POST procedure_versions/{key}/drill
my_preferences            GET preference_sheets/{key}
executive_sheets          GET preference_sheets
preference_sheet          GET preference_sheets/{key}
preference_edit           POST preference_sheets/{key}/write
preference_confirm        POST preference_sheets/{key}/confirm
hand_targets              POST hand_targets/put
agreements                GET agreements
agreement                 GET agreements/{key}
agreement_new             POST agreements
agreement_draft           POST agreements/{key}/draft_from
agreement_history         GET agreements/{key}/history
agreement_version         GET agreement_versions/{key}
agreement_edit            POST agreement_versions/{key}/edit
agreement_compare         GET agreement_versions/{key}/compare
agreement_preview         GET agreement_versions/{key}/preview
agreement_sign            POST agreement_versions/{key}/sign
agreement_retract         POST agreement_versions/{key}/retract
agreement_withdraw        POST agreement_versions/{key}/withdraw

requests                  GET tickets
new_request               GET services
new_request_of            POST tickets
request_alike             POST alike
request_same              POST tickets/{key}/reply
my_service                GET my_service
day                       GET day
tower                     GET tower
fairness                  GET fairness
ticket_first              POST tickets/{key}/first
ticket_simulate           GET tickets/{key}/simulate
dispatches                GET dispatches
volumes                   GET volumes
satisfaction              GET satisfaction
quarantine                GET quarantine
quarantine_alike          GET quarantine/{key}/alike
quarantine_attach         POST quarantine/{key}/attach
quarantine_create         POST quarantine/{key}/create
quarantine_set_aside      POST quarantine/{key}/set_aside
quarantine_spam           POST quarantine/{key}/spam
quarantine_refuse         POST quarantine/{key}/refuse
quarantine_take_back      POST quarantine/{key}/take_back
quarantine_clear          POST quarantine/clear
mail                      GET mailboxes
mailbox_new               POST mailboxes
mailbox_edit              POST mailboxes/{key}/edit
mail_sending              POST sending/edit
letters                   GET letters
letter_retry              POST letters/{key}/retry
letter_arrived            POST letters/{key}/arrived
triage                    GET triage
triage_teach              POST triage/teach
ticket_settle             POST tickets/{key}/settle
logs                      POST logs
log                       GET logs/{key}
log_columns               POST logs/{key}/columns
log_run                   POST logs/{key}/run
log_again                 POST logs/{key}/again
log_refused               GET logs/{key}/refusals
replays                   POST replays
replay                    GET replays/{key}
replay_chart              GET replays/{key}/charts/{name}
webhooks                  GET webhooks
webhook                   GET webhooks/{key}/calls
webhook_make              POST webhooks
webhook_stop              POST webhooks/{key}/stop
webhook_restart           POST webhooks/{key}/restart
webhook_try_out           POST webhooks/{key}/try_out
webhook_again             POST webhook_calls/{key}/again
file_upload               POST files
file                      GET files/{key}
file_drop                 DELETE files/{key}
recalculations            GET recalculations
recalculation             GET recalculations/{key}
recalculation_stop        POST recalculations/{key}/stop
recalculation_resume      POST recalculations/{key}/resume
attempts                  GET steering/attempts
arbitrations              GET arbitrations
arbitration               GET arbitrations
arbitration_decide        POST arbitrations/{key}/decide
approvals                 GET approvals
approval                  GET approvals
approval_approve          POST approvals/{key}/approve
approval_refuse           POST approvals/{key}/refuse
approval_delegate         POST approvals/{key}/delegate
new_delegation            POST delegations
end_delegation            POST delegations/{key}/end
commitment_keep           POST commitments/{key}/keep
commitment_withdraw       POST commitments/{key}/withdraw
timer_stop                POST times/{key}/stop
time_correct              POST times/{key}/correct
recurrences               GET recurrences
recurrence                GET recurrences/{key}
new_recurrence            POST recurrences
recurrence_edit           POST recurrences/{key}/edit
recurrence_pause          POST recurrences/{key}/pause
recurrence_resume         POST recurrences/{key}/resume
recurrence_skip           POST recurrences/{key}/skip
recurrence_stop           POST recurrences/{key}/stop
tickets                   GET tickets
ticket                    GET tickets/{key}
tickets_bulk              POST bulk
view_keep                 POST saved_views
view_change               POST saved_views/{key}/change
view_refilter             POST saved_views/{key}/change
view_drop                 POST saved_views/{key}/drop
view_restore              POST saved_views/{key}/restore
figures                   GET figures
figures_chart             GET figures/charts/{name}
figure_view_keep          POST figure_views
figure_view_drop          DELETE figure_views/{key}
ticket_undo               POST tickets/{key}/undo
ticket_merge              POST tickets/{key}/merge
ticket_part               POST tickets/{key}/part
ticket_link               POST tickets/{key}/link
ticket_unlink             POST tickets/{key}/unlink
ticket_alike              GET tickets/{key}/alike
ticket_dismiss            POST tickets/{key}/dismiss
step_done                 POST tickets/{key}/step_done
step_undone               POST tickets/{key}/step_undone
ticket_add_time           POST tickets/{key}/add_time
ticket_start_timer        POST tickets/{key}/start_timer
sizings                   GET studies/{key}/sizings
sizing_new                POST studies/{key}/sizings
sizing_live               POST sizings/{key}/live
sizing_stop               POST sizings/{key}/stop
sizing_progress           GET sizings/{key}
sizing_chart              GET sizings/{key}/charts/{name}
costs                     GET studies/{key}/costs
costs_propose             POST studies/{key}/costs/propose
cost_scenario             POST cost_scenarios/{key}/edit
cost_line_new             POST cost_scenarios/{key}/lines
cost_line                 POST cost_lines/{key}/edit
cost_line_remove          POST cost_lines/{key}/remove
restitution               GET studies/{key}/restitution
restitution_make          POST studies/{key}/restitution
study_report_chart        GET study_reports/{key}/charts/{name}
study_report_document     GET study_reports/{key}/documents/{language}
study_report_validate     POST study_reports/{key}/validate
study_report_contest      POST study_reports/{key}/contest
study_report_pass_over    POST study_reports/{key}/pass_over
choice                    GET studies/{key}/choices/{number}
choice_compute            POST studies/{key}/choices
choice_weights            POST studies/{key}/weights
choice_offer_new          POST studies/{key}/model-offers
choice_offer              POST studies/{key}/model-offers/{offer}
choice_offer_withdraw     POST studies/{key}/model-offers/{offer}/withdraw
choice_cell               POST studies/{key}/corrections
choice_traces             GET studies/{key}/choices
choice_trace              GET studies/{key}/choices/{number}
derogations               POST studies/{key}/derogations
derogation_sign           POST studies/{key}/derogations/{row}/sign
derogation_refuse         POST studies/{key}/derogations/{row}/refuse
derogation_revoke         POST studies/{key}/derogations/{row}/revoke
"""

VERBS = (
    "take reply ask resume wait_third deliver accept reopen hand_over assign cancel refuse note "
    "reprioritise rescope reclassify postpone arbitrate ask_approval promise mark_clarity rate"
)

CALLS = dict(line.split(maxsplit=1) for line in TABLE.splitlines() if line)
CALLS |= {f"ticket_{verb}": f"POST tickets/{{key}}/{verb}" for verb in VERBS.split()}
