package carteiro.tools;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MailboxCommandsTest {
    @TempDir
    Path folder;

    @Test
    @Covers("qmail:T07")
    void maildirmakeMakesFourFoldersForTheOwnerAlone() throws Exception {
        Path maildir = folder.resolve("Maildir");
        assertThat(new Tool().run(Maildirmake::run, maildir.toString())).isEqualTo(new Tool.Result(0, "", ""));
        for (String name : new String[] {"", "tmp", "new", "cur"}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(maildir.resolve(name))))
                    .isEqualTo("rwx------");
        }
        var again = new Tool().run(Maildirmake::run, maildir.toString());
        assertThat(again.code()).isEqualTo(111);
        assertThat(again.err()).contains("unable to mkdir " + maildir + ": file already exists");
        assertThat(new Tool().run(Maildirmake::run).code()).isEqualTo(100);
    }

    private void message(String name, String text, Instant time) throws Exception {
        Path file = folder.resolve("Maildir").resolve(name);
        Files.writeString(file, text, ISO_8859_1);
        Files.setLastModifiedTime(file, FileTime.from(time));
    }

    @Test
    @Covers("qmail:T07")
    void maildir2mboxMovesTheOldestFirstAndKeepsAPartialLastLine() throws Exception {
        Path maildir = folder.resolve("Maildir");
        assertThat(new Tool().run(Maildirmake::run, maildir.toString()).code()).isZero();
        message(
                "new/2",
                "Return-Path: <>\nSubject: two\n\nFrom here\n>From there\nno end",
                Instant.ofEpochSecond(86400));
        message("cur/1:2,S", "Return-Path: <ann@example.org>\nSubject: one\n\n\u00ff\n", Instant.ofEpochSecond(10));
        message("new/3", "Subject: three\n\nReturn-Path: <x@y>\n", Instant.ofEpochSecond(172800));
        message("new/.hidden", "x", Instant.EPOCH);
        message("tmp/old", "x", Instant.EPOCH);
        message("tmp/young", "x", Instant.now());
        Path mail = folder.resolve("Mailbox");
        Files.writeString(mail, "From before\n\n");

        var result = new Tool()
                .with("MAILDIR", maildir.toString())
                .with("MAIL", mail.toString())
                .with("MAILTMP", folder.resolve("Mailbox.tmp").toString())
                .run(Maildir2mbox::run);

        assertThat(result).isEqualTo(new Tool.Result(0, "", ""));
        assertThat(Files.readString(mail, ISO_8859_1))
                .isEqualTo("From before\n\n"
                        + "From ann@example.org Thu Jan 01 00:00:10 1970\n"
                        + "Return-Path: <ann@example.org>\nSubject: one\n\n\u00ff\n\n"
                        + "From MAILER-DAEMON Fri Jan 02 00:00:00 1970\n"
                        + "Return-Path: <>\nSubject: two\n\n>From here\n>>From there\nno end\n\n"
                        + "From XXX Sat Jan 03 00:00:00 1970\nSubject: three\n\nReturn-Path: <x@y>\n\n");
        assertThat(maildir.resolve("new/.hidden")).exists();
        assertThat(maildir.resolve("tmp/young")).exists();
        assertThat(maildir.resolve("tmp/old")).doesNotExist();
        for (String gone : new String[] {"new/2", "cur/1:2,S", "new/3"}) {
            assertThat(maildir.resolve(gone)).doesNotExist();
        }
    }

    @Test
    void maildir2mboxKeepsTheMessagesWhenTheMailboxIsInTheWay() throws Exception {
        Path maildir = folder.resolve("Maildir");
        assertThat(new Tool().run(Maildirmake::run, maildir.toString()).code()).isZero();
        message("new/1", "Subject: one\n\n", Instant.ofEpochSecond(10));
        var tool = new Tool().with("MAILDIR", maildir.toString()).with("MAILTMP", folder + "/tmp");
        assertThat(tool.run(Maildir2mbox::run).err()).contains("MAIL not set");
        assertThat(tool.with("MAIL", folder.toString()).run(Maildir2mbox::run).code())
                .isEqualTo(111);
        assertThat(maildir.resolve("new/1")).exists();
    }
}
