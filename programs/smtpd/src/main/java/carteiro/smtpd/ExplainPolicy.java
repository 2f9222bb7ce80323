package carteiro.smtpd;

import carteiro.control.ChosenHome;
import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.IpAddressText;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.HostNames;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerRole;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.LookupExplanation;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.smtpd.Verdict.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * carteiro explain --from SENDER --client IP --helo NAME RECIPIENT...: says step by step what smtpd would answer, by the same
 * checks but without it, so that it works when nothing runs (docs/programs/explain.md).
 */
public final class ExplainPolicy {
    private static final int TAKEN = 0;
    private static final int REFUSED = 100;
    private static final int NOT_NOW = 111;
    private static final int USAGE = 100;

    private final SmtpdSettings settings;
    private final Installation installation;
    private final LookupExplanation lookup;
    private final EventLog log;
    private final StringBuilder out = new StringBuilder();
    private final List<String> lookupSteps = new ArrayList<>();

    private ExplainPolicy(SmtpdSettings settings, Installation installation, LookupExplanation lookup, EventLog log) {
        this.settings = settings;
        this.installation = installation;
        this.lookup = lookup;
        this.log = log;
    }

    /**
     * What is asked.
     *
     * @param from the sender; empty for the null sender
     * @param helo the name that the client gives
     * @param listener where it connects, as control/smtpdlisten has it; empty for an ordinary one
     */
    private record PolicyQuestion(
            String from, InetAddress client, String helo, String listener, List<String> recipients) {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("explain", arguments, ExplainPolicy::run);
    }

    private static int run(Invocation call) throws IOException {
        Optional<LookupExplanation> lookup =
                ServiceLoader.load(LookupExplanation.class).findFirst();
        if (lookup.isEmpty()) {
            call.complain("explain: this Carteiro is without lookup\n");
            return NOT_NOW;
        }
        return run(call, lookup.get());
    }

    static int run(Invocation call, LookupExplanation lookup) throws IOException {
        ChosenHome home = ChosenHome.ofOctets(call.arguments(), call.environment());
        Optional<PolicyQuestion> question = home.problem().isEmpty() ? question(home.rest()) : Optional.empty();
        if (question.isEmpty()) {
            call.complain("explain: usage: carteiro explain [--home DIR] --client IP [--from SENDER] [--helo NAME]"
                    + " [--listener ADDRESS] RECIPIENT...\n");
            return USAGE;
        }
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            SmtpdSettings settings = SmtpdSettings.withoutTls(home.installation());
            var explained = new ExplainPolicy(settings, home.installation(), lookup, log);
            Optional<ListenerRole> role = role(settings, question.get().listener());
            if (role.isEmpty()) {
                call.complain("explain: control/smtpdlisten has no \""
                        + LogText.printable(question.get().listener()) + "\"; write an address as it stands there\n");
                return USAGE;
            }
            int code = explained.explain(question.get(), role.get());
            call.print(explained.out.toString());
            return code;
        } catch (ControlException e) {
            call.complain("explain: " + String.join("\nexplain: ", e.problems()) + "\n");
            return NOT_NOW;
        }
    }

    /** The role of a listener; empty if there is none of that address. */
    private static Optional<ListenerRole> role(SmtpdSettings settings, String listener) {
        return listener.isEmpty()
                ? Optional.of(ListenerRole.PLAIN)
                : settings.listen().orElse(List.of()).stream()
                        .filter(each -> each.text().equals(listener))
                        .map(ListenAddress::role)
                        .findFirst();
    }

    private static Optional<PolicyQuestion> question(List<String> words) {
        String from = "";
        String client = "";
        String helo = "";
        String listener = "";
        var recipients = new ArrayList<String>();
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            if (!word.startsWith("--")) {
                recipients.add(word);
                continue;
            }
            int equals = word.indexOf('=');
            if (equals < 0 && ++at == words.size()) {
                return Optional.empty();
            }
            String value = equals < 0 ? words.get(at) : word.substring(equals + 1);
            switch (equals < 0 ? word : word.substring(0, equals)) {
                case "--from" -> from = value;
                case "--client" -> client = value;
                case "--helo" -> helo = value;
                case "--listener" -> listener = value;
                default -> {
                    return Optional.empty();
                }
            }
        }
        Optional<InetAddress> address = IpAddressText.literal(client);
        return recipients.isEmpty() || address.isEmpty()
                ? Optional.empty()
                : Optional.of(new PolicyQuestion(from, address.get(), helo, listener, recipients));
    }

    // ---- The stages, in the order of the dialogue; SmtpdServer and SmtpdSession have the same

    private int explain(PolicyQuestion question, ListenerRole role) {
        Peer peer = peer(question.client(), role);
        say("connected from " + peer.client().ip()
                + (peer.client().host().isEmpty() ? "" : " " + peer.client().host())
                + (question.listener().isEmpty() ? "" : " to " + question.listener())
                + (role.words().isEmpty() ? "" : " (" + role + ")"));
        Optional<Refusal> refused = judge(Stage.CONNECTED, peer, TransactionView.NONE);
        if (refused.isPresent()) {
            return refuse(refused.get().reply());
        }
        reply(SmtpdSession.welcome(settings));
        Peer greeted = peer.greeted(question.helo());
        say("greeted by EHLO " + greeted.helo());
        refused = judge(Stage.GREETED, greeted, TransactionView.NONE);
        if (refused.isPresent()) {
            return refuse(refused.get().reply());
        }
        reply(SmtpdSession.greeting(settings));
        String command = "MAIL FROM:<" + question.from() + ">"
                + (Octets.areAscii(question.from() + String.join("", question.recipients())) ? "" : " SMTPUTF8");
        say("sender: " + command);
        return switch (SmtpCommand.parse(command)) {
            case SmtpCommand.Mail mail -> explain(greeted, mail, question.recipients());
            case SmtpCommand.RefusedCommand(var _, var reply) -> refuse(reply);
            default -> throw new IllegalStateException("MAIL becomes no other command");
        };
    }

    private Peer peer(InetAddress address, ListenerRole role) {
        TcpRules rules = settings.rules();
        String host = "";
        if (rules.needHost()) {
            try (var names = new HostNames(InetAddress::getCanonicalHostName, HostNames.PATIENCE)) {
                host = names.of(address);
            }
        }
        TcpRules.Rule rule = rules.ruleFor(address, host, "");
        Client client = Client.at(address, host, rule);
        return Peer.of(
                client,
                role,
                rule,
                settings.rightsOf(client, Budgets.ofThisProcess().text().mostOfOne()));
    }

    private int explain(Peer peer, SmtpCommand.Mail mail, List<String> recipients) {
        TransactionView begun = TransactionView.of(settings.localLiterals().withLocalName(mail.sender()), mail);
        Optional<Refusal> refused = judge(Stage.SENDER, peer, begun);
        if (refused.isPresent()) {
            return refuse(refused.get().reply());
        }
        reply(SmtpdSession.SENDER_OK);
        int worst = TAKEN;
        int taken = 0;
        for (String recipient : recipients) {
            String command = "RCPT TO:<" + recipient + ">";
            say("recipient: " + command);
            int code = switch (SmtpCommand.parse(command)) {
                case SmtpCommand.Rcpt(var to) -> explain(peer, begun, to, taken);
                case SmtpCommand.RefusedCommand(var _, var reply) -> refuse(reply);
                default -> throw new IllegalStateException("RCPT becomes no other command");
            };
            taken += code == TAKEN ? 1 : 0;
            worst = Math.max(worst, code);
        }
        if (taken > 0) {
            say("message: what is looked at when it comes");
            settings.policy()
                    .checks(Stage.TEXT, peer)
                    .forEach(check -> say("  " + name(check.rule(), check.setting(peer))));
            settings.policy()
                    .checks(Stage.MESSAGE, peer)
                    .forEach(check -> say("  " + name(check.rule(), check.setting(peer))));
        }
        return worst;
    }

    private int explain(Peer peer, TransactionView begun, Address recipient, int taken) {
        Optional<Reply> unfit = SmtpCommand.fit(recipient, begun.form());
        if (unfit.isPresent()) {
            return refuse(unfit.get());
        }
        Address named = settings.localLiterals().withLocalName(recipient);
        Optional<Refusal> refused = judge(Stage.RECIPIENT, peer, begun.at(named, taken));
        if (refused.isPresent()) {
            return refuse(refused.get().reply());
        }
        Address kept = peer.rights().kept(named);
        if (!kept.equals(recipient)) {
            say("  it is kept as " + kept);
        }
        reply(SmtpdSession.RECIPIENT_OK);
        return TAKEN;
    }

    private Optional<Refusal> judge(Stage stage, Peer peer, TransactionView transaction) {
        return settings.policy().judge(stage, peer, transaction, new ExplainedRequest(), (check, verdict) -> {
            String said = switch (verdict) {
                case Verdict.GoOn(var _, var why) -> "goes on: " + why;
                case Verdict.Refuse(var _, var why) -> "refuses" + because(why);
                case Verdict.NotNow(var _, var why) -> "not now" + because(why);
                case Verdict.RefuseAndEnd(var _, var how) -> "refuses, and ends the conversation" + because(how);
            };
            say("  " + name(verdict.rule(), check.setting(peer)) + " " + said);
            lookupSteps.forEach(step -> say("    " + step));
            lookupSteps.clear();
        });
    }

    private static String because(String why) {
        return why.isEmpty() ? "" : ": " + why;
    }

    /** A rule, and what is set. */
    private static String name(PolicyRule rule, String setting) {
        return rule.code() + " " + rule + (setting.isEmpty() ? "" : " (" + setting + ")");
    }

    private final class ExplainedRequest implements PolicyCheck.LookupRequest {
        @Override
        public RecipientAnswer ask(LookupQuestion question) throws IOException {
            try {
                return lookup.recipient(installation, question, log, lookupSteps::add);
            } catch (ControlException e) {
                throw new IOException(String.join("; ", e.problems()), e);
            }
        }

        @Override
        public List<Ownership> ownership(String account, List<Address> addresses) {
            throw new IllegalStateException("who explains has not logged in");
        }

        @Override
        public SendingVerdict sending(String account, int recipients) {
            throw new IllegalStateException("who explains has not logged in");
        }
    }

    private int refuse(Reply reply) {
        reply(reply);
        return reply.code() < 500 ? NOT_NOW : REFUSED;
    }

    private void reply(Reply reply) {
        say("  " + reply.line(settings.ruleCodes()));
    }

    /** A line; what is in it may be anybody's, and goes to a terminal. */
    private void say(String line) {
        out.append(LogText.printable(line)).append('\n');
    }
}
