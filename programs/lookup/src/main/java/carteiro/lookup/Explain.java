package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.RelayLine;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.posix.Invocation;
import carteiro.posix.UnixId;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.protocol.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * carteiro explain: says step by step what an address is, by the same code as lookup but without it, so that it works
 * when nothing runs (docs/programs/explain.md).
 */
public final class Explain {
    private static final int GOOD = 0;
    private static final int UNKNOWN = 100;
    private static final int NOT_NOW = 111;
    private static final int USAGE = 100;

    private Explain() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("explain", arguments, Explain::run);
    }

    static int run(Invocation called) throws IOException {
        HomeArgument home = HomeArgument.of(called);
        if (home.call().arguments().isEmpty()
                || home.call().arguments().getFirst().startsWith("-")) {
            called.complain("explain: usage: carteiro explain [--home DIR] ADDRESS...\n");
            return USAGE;
        }
        for (String address : home.call().arguments()) {
            if (address.length() > Address.LIMIT) {
                called.complain("explain: an address has at most " + Address.LIMIT + " octets\n");
                return USAGE;
            }
        }
        try (var log = new EventLog(called.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            return OfflineLookup.use(
                    home.installation(), log, lookup -> explain(home.installation(), home.call(), lookup));
        } catch (ControlException e) {
            called.complain("explain: " + String.join("\nexplain: ", e.problems()) + "\n");
            return NOT_NOW;
        }
    }

    private static int explain(Installation installation, Invocation call, AddressLookup lookup) throws IOException {
        int worst = GOOD;
        for (String text : call.arguments()) {
            var out = new StringBuilder("<" + LogText.printable(text) + ">\n");
            Answer answer =
                    lookup.answer(LookupQuestion.explaining(new Address(text)), sentence -> say(out, sentence.get()));
            tell(out, answer, routed(lookup, new Address(text)), installation);
            call.print(out.toString());
            worst = Math.max(worst, code(answer));
        }
        return worst;
    }

    private static int code(Answer answer) {
        return switch (answer) {
            case Answer.Account _, Answer.ForwardOnly _, Answer.OtherHost _, Answer.Trash _ -> GOOD;
            case Answer.NoSuchAddress _ -> UNKNOWN;
            case Answer.Unresolved _ -> NOT_NOW;
        };
    }

    private static void tell(StringBuilder out, Answer answer, Address address, Installation installation) {
        switch (answer) {
            case Answer.Account account -> {
                say(
                        out,
                        "answer: account " + account.identity().user() + ", uid "
                                + UnixId.number(account.identity().uid()) + ", gid "
                                + UnixId.number(account.identity().gid()));
                say(out, "        home " + account.home().folder());
                say(
                        out,
                        "        dash \"" + account.home().dash() + "\", extension \""
                                + account.home().extension() + "\"");
                tell(out, account.instructions());
            }
            case Answer.ForwardOnly(var targets) -> {
                say(out, "answer: no mailbox; a copy to each of");
                targets.forEach(target -> say(out, "        " + target));
            }
            case Answer.OtherHost() -> otherHost(out, address, installation);
            case Answer.Trash() -> say(out, "answer: accepted and thrown away");
            case Answer.NoSuchAddress(var status, var reason) ->
                say(out, "answer: refused with 550 " + status + " " + reason);
            case Answer.Unresolved(var status, var reason) -> {
                say(out, "answer: cannot tell now (451 " + status + "): " + reason);
                say(out, "        mail for it waits; see " + installation.home() + "/log");
            }
        }
    }

    /** The address by which send would have it delivered. */
    private static Address routed(AddressLookup lookup, Address address) {
        return lookup.routes(List.of(address)).getFirst() instanceof Route.ToRemote(var recipient)
                ? recipient
                : address;
    }

    private static void otherHost(StringBuilder out, Address address, Installation installation) {
        var files = new ControlFiles(installation);
        Optional<RelayLine> line = RelayLine.ofDomain(files, address.domain());
        try {
            files.check();
        } catch (ControlException e) {
            say(out, "answer: another host's; whether smtproutes has a relay for it cannot be seen");
            e.problems().forEach(problem -> say(out, "        " + problem));
            return;
        }
        if (line.isEmpty() || line.get().relay().isEmpty()) {
            say(out, "answer: another host's; remote looks for it by smtproutes and DNS");
        } else {
            say(
                    out,
                    "answer: another host's; remote sends it to " + line.get().relay()
                            + (line.get().hasLogin()
                                    ? ", logged in as " + line.get().user()
                                    : "")
                            + " (control/smtproutes)");
        }
        if (Files.exists(installation.control(Settings.AUTHSENDERS))) {
            say(out, "        unless control/authsenders has a relay for its sender");
        }
    }

    private static void tell(StringBuilder out, DeliveryInstructions instructions) {
        switch (instructions) {
            case DeliveryInstructions.DotQmailInstructions() ->
                say(out, "        its .qmail files decide, else the default delivery");
            case DeliveryInstructions.DirectoryInstructions directory -> {
                say(
                        out,
                        "        delivery "
                                + (directory.mailbox() == Mailbox.NONE
                                        ? "to no mailbox"
                                        : directory.delivery().isEmpty()
                                                ? "as control/defaultdelivery says"
                                                : directory.delivery()));
                directory.programs().forEach(program -> say(out, "        program " + program));
                directory.forwards().forEach(forward -> say(out, "        copy to " + forward));
                if (directory.dotFiles() != DotFiles.IGNORED) {
                    say(
                            out,
                            directory.dotFiles() == DotFiles.ALONE
                                    ? "        its .qmail files alone decide"
                                    : "        then the lines of its .qmail files");
                }
            }
        }
    }

    /** A line; what is in it may be anybody's, and goes to a terminal. */
    private static void say(StringBuilder out, String line) {
        out.append("  ").append(LogText.printable(line)).append('\n');
    }
}
