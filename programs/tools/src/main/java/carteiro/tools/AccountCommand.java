package carteiro.tools;

import static java.nio.charset.StandardCharsets.UTF_8;

import carteiro.control.ChosenHome;
import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Route;
import carteiro.tools.MailServers.MailPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** carteiro account autoconfig: what a mail program has to be told of an address (docs/programs/account.md). */
public final class AccountCommand {
    private static final String USAGE =
            "carteiro account: usage: carteiro account autoconfig [ --thunderbird ] [ --apple ]"
                    + " [ --srv ] [ --host NAME ] [ --user NAME ] [ --home DIR ] ADDRESS\n";

    private final Invocation call;
    private final Installation installation;
    private final Set<SettingsForm> forms = EnumSet.noneOf(SettingsForm.class);
    private Optional<String> host = Optional.empty();
    private Optional<String> user = Optional.empty();
    private String address = "";

    private AccountCommand(Invocation call, Installation installation) {
        this.call = call;
        this.installation = installation;
    }

    /** What can be printed. */
    private enum SettingsForm {
        THUNDERBIRD,
        APPLE,
        SRV
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("carteiro account", arguments, AccountCommand::run);
    }

    static int run(Invocation call) throws IOException {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        var command = new AccountCommand(call, chosen.installation());
        if (!chosen.problem().isEmpty() || !command.understands(chosen.rest())) {
            call.complain(USAGE);
            return Exit.PERMANENT;
        }
        try {
            return command.autoconfig();
        } catch (ControlException e) {
            call.complain("carteiro account: " + String.join("\ncarteiro account: ", e.problems()) + "\n");
            return Exit.TEMPORARY;
        }
    }

    private boolean understands(List<String> arguments) {
        var words = new ArrayDeque<>(arguments);
        if (!"autoconfig".equals(words.poll())) {
            return false;
        }
        while (!words.isEmpty() && words.peek().startsWith("--")) {
            String word = words.remove();
            switch (word) {
                case "--thunderbird" -> forms.add(SettingsForm.THUNDERBIRD);
                case "--apple" -> forms.add(SettingsForm.APPLE);
                case "--srv" -> forms.add(SettingsForm.SRV);
                case "--host", "--user" -> {
                    Optional<String> value = Optional.ofNullable(words.poll());
                    if (value.isEmpty() || value.get().isEmpty()) {
                        return false;
                    }
                    if (word.equals("--host")) {
                        host = value;
                    } else {
                        user = value;
                    }
                }
                default -> {
                    return false;
                }
            }
        }
        if (words.size() != 1) {
            return false;
        }
        address = words.remove();
        return true;
    }

    private int refuse(String why) {
        call.complain("carteiro account: " + LogText.printable(why) + "\n");
        return Exit.PERMANENT;
    }

    private int autoconfig() throws ControlException, IOException {
        int at = address.lastIndexOf('@');
        Optional<String> zone = DomainName.ascii(address.substring(at + 1)).filter(DomainName::isHost);
        Optional<String> shown = text(address);
        if (at <= 0 || zone.isEmpty() || shown.isEmpty() || address.length() > Address.LIMIT) {
            return refuse("\"" + address + "\" is no address; write one such as ann@example.org");
        }
        var files = new ControlFiles(installation);
        Optional<String> name = host.or(() -> files.get(Settings.ME));
        Optional<String> ascii = name.flatMap(DomainName::ascii).filter(DomainName::isHost);
        if (ascii.isEmpty()) {
            return refuse(name.map(each -> "\"" + each + "\" is no host name; write the one in the certificate")
                    .orElse("control/me is missing; write the host's full name into it, or give --host NAME"));
        }
        Optional<String> login = user.or(this::account).flatMap(AccountCommand::text);
        if (login.isEmpty()) {
            return refuse(
                    user.isPresent()
                            ? "the name after --user is no text"
                            : "mail for " + address + " goes to another host; give --user NAME if somebody logs in here"
                                    + " for it nevertheless");
        }
        MailServers servers = MailServers.read(files, ascii.get());
        files.check();
        return print(new MailProgramSettings(shown.get(), login.get(), servers), zone.get());
    }

    /** The account as users/passwd names it: a local name, or the whole address in a virtual domain. */
    private Optional<String> account() {
        try {
            return switch (RoutesOfNow.of(installation).route(new Address(address))) {
                case Route.ToLocal(var recipient, var visible) ->
                    Optional.of(Octets.lowerCase(
                            recipient.equals(visible) ? address.substring(0, address.lastIndexOf('@')) : address));
                case Route.ToRemote _ -> Optional.empty();
            };
        } catch (ControlException e) {
            e.problems().forEach(problem -> call.complain("carteiro account: " + problem + "\n"));
            return Optional.empty();
        }
    }

    /** What octets are as text: UTF-8 without control characters, since no XML holds them. */
    private static Optional<String> text(String octets) {
        try {
            String text = UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(Octets.bytes(octets)))
                    .toString();
            boolean fits = text.codePoints()
                    .allMatch(each -> each >= ' ' && !Character.isISOControl(each) && each != 0xFFFE && each != 0xFFFF);
            return fits ? Optional.of(text) : Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private int print(MailProgramSettings settings, String zone) throws IOException {
        Optional<MailPort> outgoing = settings.servers().outgoing();
        Optional<MailPort> incoming = settings.servers().incoming();
        if (outgoing.isEmpty()) {
            return refuse(
                    "control/smtpdlisten has no line with submission that others can reach, so that nobody can send;"
                            + " write such as [::]:465 submission tls");
        }
        if (forms.contains(SettingsForm.APPLE) && incoming.isEmpty()) {
            return refuse("control/pop3dlisten has no line that others can reach, and Apple's profile needs a server to"
                    + " fetch mail from");
        }
        if (isWanted(SettingsForm.THUNDERBIRD)) {
            title("Thunderbird: serve it as https://autoconfig." + zone + "/mail/config-v1.1.xml");
            say(settings.thunderbird());
        }
        if (incoming.isPresent() && isWanted(SettingsForm.APPLE)) {
            title("Apple: open it on the device as a file mail.mobileconfig");
            say(settings.apple(outgoing.get(), incoming.get()));
        } else if (isWanted(SettingsForm.APPLE)) {
            title("Apple: none, since control/pop3dlisten has no line that others can reach");
        }
        if (isWanted(SettingsForm.SRV)) {
            title("DNS: records for the zone of " + zone);
            say(settings.srv(zone));
        }
        return 0;
    }

    private boolean isWanted(SettingsForm form) {
        return forms.isEmpty() || forms.contains(form);
    }

    /** Where everything is printed, a line between the parts. */
    private void title(String title) throws IOException {
        if (forms.isEmpty()) {
            say("---- " + title + "\n");
        }
    }

    /** As it is: what a program reads. */
    private void say(String text) throws IOException {
        call.out().write(text.getBytes(UTF_8));
    }
}
