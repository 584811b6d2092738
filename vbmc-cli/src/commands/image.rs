//! `vbmc image list`: the images in Glance, or those of the lab where it has no Glance.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Subcommand;

use super::lab_args::{CloudArgs, LabArgs};
use crate::lab::MARK;
use crate::lab::config::{Lab, Publish};
use crate::lab::images::{self, LabFile};
use crate::lab::manifest::Manifest;
use crate::openstack::Session;
use crate::openstack::image::Image;
use crate::output::{Cell, Format, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc image list                         what is in Glance, or the lab's images
                                          where they don't go there
  vbmc image list --mine                  in Glance, those that this lab has put
                                          there
  vbmc image list --local                 the lab's images, where they are and
                                          what the conductor calls them
  vbmc image list -f value -c Name -c Status
  OS_CLOUD=lab vbmc image list -f json

`vbmc prepare` makes and publishes them.";

/// Show images
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(ListArgs),
}

/// List the images in Glance, or the lab's
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ListArgs {
    /// Show the images in Glance that this lab has made only
    #[arg(long, conflicts_with = "local")]
    mine: bool,

    /// Show the files of the lab's images, also where they are published in Glance
    #[arg(long)]
    local: bool,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List(args) => list(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let output = args.output.resolve()?.strict();
    if args.local || args.mine {
        // Says how to name a lab, where there is none.
        args.lab.dir()?;
    }
    let lab = args.lab.found()?.map(|dir| Lab::load(&dir)).transpose()?;
    if let Some(lab) = &lab
        && (args.local || (lab.images.publish != Publish::Glance && !args.mine))
    {
        let manifest = Manifest::load(lab)?;
        // Scripts get paths that hold anywhere.
        let from = match output.format() {
            Format::Table => &*lab.dir,
            _ => Path::new(""),
        };
        return output.print(of_lab(images::list(lab, &manifest)?, from));
    }
    if let Some(lab) = lab.as_ref().filter(|lab| {
        // What it published there before stays in its manifest.
        args.mine && lab.images.publish != Publish::Glance
    }) && Manifest::load(lab)?.contents().glance_images.is_empty()
    {
        bail!(
            "the lab {} puts no images into Glance; without --mine, `vbmc image list` shows its images",
            lab.name
        );
    }
    let choice = args.cloud.choice(lab.as_ref().map(|lab| &lab.cloud));
    let session = Session::open(&choice, |wait| tracing::debug!("{wait}")).await?;
    let glance = session.images().await?.context(match args.mine {
        true => "this cloud has no Glance; without --mine, `vbmc image list` shows the lab's images",
        false => {
            "this cloud has no Glance; in a lab's directory, `vbmc image list` shows the lab's images"
        }
    })?;
    let mut images = glance.all().await?;
    if let Some(lab) = lab.filter(|_| args.mine) {
        images.retain(|image| image.property(MARK) == Some(&lab.name));
    }
    output.print(of_glance(images))
}

/// As `openstack image list` has it.
fn of_glance(mut images: Vec<Image>) -> Records {
    images.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let rows = images.into_iter().map(|image| {
        vec![
            Cell::Text(image.id),
            Cell::optional(image.name),
            Cell::Text(image.status.to_string()),
        ]
    });
    Records::new(["ID", "Name", "Status"], rows)
}

/// `from`: where paths are told from.
fn of_lab(files: Vec<LabFile>, from: &Path) -> Records {
    let rows = files.into_iter().map(|file| {
        let state = match (file.size, &file.published) {
            (None, _) => "missing",
            (Some(_), None) => "ready",
            (Some(_), Some(_)) => "published",
        };
        let path = file.path.strip_prefix(from).unwrap_or(&file.path);
        vec![
            Cell::Text(file.image),
            Cell::Text(file.part.to_string()),
            Cell::Text(path.display().to_string()),
            file.size.map_or(Cell::Missing, Cell::Number),
            Cell::optional(file.published.map(|reference| reference.0)),
            Cell::text(state),
        ]
    });
    Records::new(
        ["Name", "Kind", "File", "Size", "Published as", "State"],
        rows,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lab::images::Part;
    use crate::lab::manifest::ImageRef;

    #[test]
    fn glance_is_listed_by_name() {
        let image = |id: &str, name: Option<&str>| {
            serde_json::from_value(json!({ "id": id, "name": name, "status": "active" })).unwrap()
        };
        let row = |id: &str, name: Option<&str>| {
            vec![Cell::text(id), Cell::optional(name), Cell::text("active")]
        };
        assert_eq!(
            of_glance(vec![
                image("1", Some("b")),
                image("2", Some("a")),
                image("3", None)
            ]),
            Records::new(
                ["ID", "Name", "Status"],
                [row("3", None), row("2", Some("a")), row("1", Some("b"))]
            )
        );
    }

    #[test]
    fn a_lab_tells_how_far_each_file_is() {
        let file = |size, published: Option<&str>| LabFile {
            image: "ipa".to_owned(),
            part: Part::Kernel,
            path: "/images/ipa.kernel".into(),
            size,
            published: published.map(|reference| ImageRef(reference.to_owned())),
        };
        let row = |size, published, state: &str| {
            vec![
                Cell::text("ipa"),
                Cell::text("kernel"),
                Cell::text("ipa.kernel"),
                size,
                published,
                Cell::text(state),
            ]
        };
        let url = "http://192.0.2.1/ipa.kernel";
        assert_eq!(
            of_lab(
                vec![
                    file(None, None),
                    file(Some(1 << 33), None),
                    file(Some(2), Some(url))
                ],
                Path::new("/images")
            ),
            Records::new(
                ["Name", "Kind", "File", "Size", "Published as", "State"],
                [
                    row(Cell::Missing, Cell::Missing, "missing"),
                    row(Cell::Number(1 << 33), Cell::Missing, "ready"),
                    row(Cell::Number(2), Cell::text(url), "published"),
                ]
            )
        );
    }
}
