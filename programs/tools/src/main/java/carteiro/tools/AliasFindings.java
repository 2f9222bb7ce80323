package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Routing;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
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
    private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    private final Installation installation;
    private final ControlFiles files;
    private final Routing routing;
    private final FindingList found;

    AliasFindings(Installation installation, ControlFiles files, FindingList found) {
        this.installation = installation;
        this.files = files;
        this.routing = Routing.read(files);
        this.found = found;
    }

    void look() throws IOException {
        files.text("defaultdelivery").ifPresent(text -> instructions("control/defaultdelivery", text));
        for (String name : HomeOption.names(installation.alias())) {
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
        if (text.startsWith(BYTE_ORDER_MARK)) {
            found.mistake(file + ":1: begins with a mark of UTF-8 that belongs to the first line; save it without one");
        }
        int number = 0;
        for (String line : text.split("\n")) {
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
        for (String line : text.get().split("\n")) {
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
        Routing.Route route = routing.route(new Address(target));
        String address = route.recipient().octets();
        return route instanceof Routing.Route.Local
                ? trouble(Octets.lowerCase(address.substring(0, address.lastIndexOf('@'))), seen)
                : "";
    }

    /** Whether a source other than alias may know the name. */
    private boolean hasAccount(String name) throws IOException {
        String user = name.indexOf('-') > 0 ? name.substring(0, name.indexOf('-')) : name;
        return files.text("ldapserver").isPresent()
                || Files.exists(installation.users().resolve("cdb"))
                || isUser(name)
                || isUser(user);
    }

    private static boolean isUser(String name) throws IOException {
        return name.matches("[a-z_][a-z0-9_.-]{0,31}")
                && SystemAccount.named(name)
                        .filter(account -> account.uid() != 0)
                        .isPresent();
    }

    /** The file in alias/ that has the instructions for the name. */
    private Optional<String> aliasOf(String name) {
        String file = ".qmail-" + name.replace('.', ':');
        if (file.indexOf('/') < 0 && Files.exists(installation.alias().resolve(file))) {
            return Optional.of(file);
        }
        return Files.exists(installation.alias().resolve(".qmail-default"))
                ? Optional.of(".qmail-default")
                : Optional.empty();
    }

    /**
     * A file in alias/, one character an octet; empty if it is none that should be read: that folder is its user's, who
     * may put links, pipes and endless files there.
     */
    private Optional<String> read(String name) throws IOException {
        Path file = installation.alias().resolve(name);
        try {
            var status = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!status.isRegularFile()) {
                if (!status.isSymbolicLink()) {
                    found.mistake("alias/" + name + ": is no regular file, so that mail to it is deferred; remove it");
                }
                return Optional.empty();
            }
            try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                byte[] octets = in.readNBytes(LIMIT + 1);
                if (octets.length > LIMIT) {
                    found.mistake("alias/" + name + ": has over " + LIMIT + " octets");
                    return Optional.empty();
                }
                return Optional.of(Octets.text(octets));
            }
        } catch (NoSuchFileException e) {
            return Optional.empty(); // removed meanwhile
        } catch (IOException e) {
            found.warning("alias/" + name + ": cannot be read (" + LogText.reason(e) + "); run check as root");
            return Optional.empty();
        }
    }
}
