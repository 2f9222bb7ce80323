package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.DotQmailName;
import carteiro.mail.Octets;
import carteiro.posix.FileStatus;
import carteiro.posix.SystemAccount;
import carteiro.posix.UntrustedFile;
import carteiro.protocol.LookupExplanation.RoutingView;
import carteiro.protocol.Route;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Delivery instructions that do something else than they seem to (control/defaultdelivery, alias/), and whether mail for
 * those whom every host must have (RFC 5321 section 4.5.1) reaches somebody.
 */
final class AliasFindings {
    /** The largest file of instructions that is looked at, in octets. */
    private static final int LIMIT = 1 << 20;

    /** Forwards that are followed one after the other; beyond it they are taken to lead somewhere. */
    private static final int MOST_STEPS = 20;

    private static final List<String> NEEDED = List.of("postmaster", "mailer-daemon", "root");
    private static final String ALIAS = "alias";
    private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    private final Installation installation;
    private final ControlFiles files;
    private final RoutingView routes;
    private final FindingList found;

    /** @param routes which way out addresses take */
    AliasFindings(Installation installation, ControlFiles files, RoutingView routes, FindingList found) {
        this.installation = installation;
        this.files = files;
        this.routes = routes;
        this.found = found;
    }

    void look() throws IOException {
        files.text(Settings.DEFAULTDELIVERY).ifPresent(text -> instructions("control/defaultdelivery", text));
        for (String file : HomeOption.names(installation.alias())) {
            String name = Octets.text(file.getBytes(StandardCharsets.UTF_8));
            if (name.startsWith(".qmail")) {
                read(name).ifPresent(text -> instructions("alias/" + name, text));
            }
        }
        for (String name : NEEDED) {
            needed(name);
        }
    }

    // ---- what a line seems to say

    private void instructions(String file, String text) {
        int number = 0;
        for (String line : lines(text)) {
            number++;
            String place = file + ":" + number + ": ";
            if (line.endsWith("\r") && file.startsWith("alias/")) { // of control files that is said elsewhere
                found.mistake(place + "the line ends in CR LF, and the CR belongs to the instruction;"
                        + " write plain line ends (LF)");
                return; // so do the others
            }
            String instruction = line.stripTrailing();
            if (instruction.isEmpty() || "./|&#+".indexOf(instruction.charAt(0)) >= 0) {
                continue;
            }
            if (instruction.indexOf('/') >= 0 && instruction.indexOf('@') < 0) {
                found.mistake(place + "\"" + instruction + "\" is taken for an address; write ./" + instruction
                        + " for a mailbox in the home of whom it is for");
            } else if (instruction.equals("Mailbox") || instruction.equals("Maildir") || instruction.equals("mbox")) {
                found.warning(place + "\"" + instruction + "\" is taken for an address; write ./" + instruction
                        + (instruction.equals("Maildir") ? "/" : "") + " if a mailbox is meant");
            } else if (instruction.charAt(0) == ' ' || instruction.charAt(0) == '\t') {
                found.mistake(place + "begins with a blank, which belongs to the address; write it without");
            }
        }
    }

    /** Delivery skips a mark of UTF-8 (U+FEFF) at the start. */
    private static String[] lines(String text) {
        return (text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text).split("\n");
    }

    // ---- where a name leads

    private void needed(String name) throws IOException {
        Optional<String> where = aliasOf(name);
        if (where.isEmpty()) {
            if (!hasAccount(name)) {
                found.warning("alias/.qmail-" + name + ": is missing; mail to " + name
                        + " bounces unless an account has that name; write its reader's address into it");
            }
            return;
        }
        String trouble = trouble(name, new HashSet<>());
        if (!trouble.isEmpty()) {
            String sentence = "alias/" + where.get() + ": mail to " + name + " reaches nobody: " + trouble
                    + "; write the address of a person";
            if (name.equals("postmaster")) {
                found.mistake(sentence);
            } else {
                found.warning(sentence);
            }
        }
    }

    /** Why mail to this local name reaches nobody; empty if it seems to reach somebody. */
    private String trouble(String name, Set<String> seen) throws IOException {
        if (!seen.add(name)) {
            return name + " leads back to itself";
        }
        if (hasAccount(name) || seen.size() > MOST_STEPS) {
            return "";
        }
        Optional<String> file = aliasOf(name);
        if (file.isEmpty()) {
            return name + " has neither an account nor alias/.qmail-" + name;
        }
        Optional<String> text = read(file.get());
        if (text.isEmpty() || text.get().isEmpty()) {
            return ""; // not to be looked at; or the default delivery of alias
        }
        String trouble = "alias/" + file.get() + " has no instruction, so that every message is thrown away";
        for (String line : lines(text.get())) {
            String instruction = line.stripTrailing();
            if (instruction.isEmpty() || instruction.charAt(0) == '#' || instruction.charAt(0) == '+') {
                continue;
            }
            if ("./|".indexOf(instruction.charAt(0)) >= 0) {
                return "";
            }
            trouble = ofForward(instruction.charAt(0) == '&' ? instruction.substring(1) : instruction, seen);
            if (trouble.isEmpty()) {
                return "";
            }
        }
        return trouble;
    }

    private String ofForward(String target, Set<String> seen) throws IOException {
        if (target.isEmpty() || target.length() > Address.LIMIT || target.indexOf(0) >= 0) {
            return "\"" + target + "\" is no address";
        }
        Route route = routes.route(new Address(target));
        String address = route.recipient().octets();
        return route instanceof Route.ToLocal
                ? trouble(Octets.lowerCase(address.substring(0, address.lastIndexOf('@'))), seen)
                : "";
    }

    /** Whether a source other than alias may know the name, by the whole of it or by what stands before a hyphen. */
    private boolean hasAccount(String name) throws IOException {
        if (files.isThere(Settings.LDAPSERVER)
                || Files.exists(installation.users().resolve("cdb"))) {
            return true;
        }
        for (int end = name.length(); end > 0; end = name.lastIndexOf('-', end - 1)) { // as lookup asks passwd
            String user = name.substring(0, end);
            if (user.equals(ALIAS)) {
                return false;
            }
            if (isUser(user)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isUser(String name) throws IOException {
        return name.matches("[a-z_][a-z0-9_.-]{0,30}")
                && SystemAccount.named(name)
                        .filter(account -> account.uid() != 0)
                        .isPresent();
    }

    /** The file in alias/ that has the instructions for the name: the longest that is there, as delivery takes it. */
    private Optional<String> aliasOf(String name) {
        boolean named = name.startsWith(ALIAS + "-"); // alias can be named as any account
        for (DotQmailName candidate : DotQmailName.candidates("-", named ? name.substring(ALIAS.length() + 1) : name)) {
            if (candidate.file().indexOf('/') < 0 && Files.isRegularFile(path(candidate.file()))) {
                return Optional.of(candidate.file());
            }
        }
        return Optional.empty();
    }

    /** @param name octets, without NUL */
    private Path path(String name) {
        return installation.alias().resolve(new String(Octets.bytes(name), StandardCharsets.UTF_8));
    }

    /**
     * A file in alias/, one character an octet; empty if it is none that should be read: that folder is its user's, who
     * may put links, pipes and endless files there.
     */
    private Optional<String> read(String name) {
        String place = "alias/" + name;
        try (UntrustedFile file = UntrustedFile.open(path(name))) {
            if (file.status().kind() != FileStatus.FileKind.REGULAR) {
                found.mistake(place + ": is no regular file, so that delivery passes over it; remove it");
                return Optional.empty();
            }
            try (InputStream in = Channels.newInputStream(file.channel())) {
                byte[] octets = in.readNBytes(LIMIT + 1);
                if (octets.length > LIMIT) {
                    found.mistake(place + ": has over " + LIMIT + " octets");
                    return Optional.empty();
                }
                return Optional.of(Octets.text(octets));
            }
        } catch (NoSuchFileException e) {
            return Optional.empty(); // removed meanwhile
        } catch (IOException e) {
            if (!Files.isSymbolicLink(path(name))) { // a link is followed by delivery alone, as the user it is for
                found.warning(place + ": cannot be read (" + LogText.reason(e) + "); run check as root");
            }
            return Optional.empty();
        }
    }
}
